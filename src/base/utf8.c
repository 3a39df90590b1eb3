#include "base/utf8.h"

#include <stdint.h>

/* Bytes of the valid sequence at s (2..4, or 1 for ASCII), 0 when there is none. RFC 3629 table. */
static size_t utf8_sequence(const unsigned char *s, size_t len)
{
	unsigned char c = s[0];
	if (c < 0x80)
		return 1;
	if (c < 0xC2 || c > 0xF4)
		return 0;
	size_t need = c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
	if (len < need)
		return 0;
	/* The second byte's range excludes overlongs (E0, F0), surrogates (ED) and what is above U+10FFFF
	 * (F4). */
	unsigned char low = c == 0xE0 ? 0xA0 : c == 0xF0 ? 0x90 : 0x80;
	unsigned char high = c == 0xED ? 0x9F : c == 0xF4 ? 0x8F : 0xBF;
	if (s[1] < low || s[1] > high)
		return 0;
	for (size_t i = 2; i < need; i++)
		if ((s[i] & 0xC0) != 0x80)
			return 0;
	return need;
}

size_t utf8_valid_prefix(const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t i = 0;
	while (i < len) {
		uint64_t word;
		while (len - i >= sizeof(word)) {
			memcpy(&word, s + i, sizeof(word));
			if (word & UINT64_C(0x8080808080808080))
				break;
			i += sizeof(word);
		}
		if (i == len)
			break;
		size_t n = utf8_sequence(s + i, len - i);
		if (n == 0)
			return i;
		i += n;
	}
	return i;
}

void utf8_append_repaired(struct buf *b, struct view v)
{
	while (v.len) {
		size_t ok = utf8_valid_prefix(v.data, v.len);
		buf_view(b, (struct view){ v.data, ok });
		if (ok == v.len)
			return;
		buf_append(b, "\xEF\xBF\xBD", 3);
		v.data += ok + 1;
		v.len -= ok + 1;
	}
}
