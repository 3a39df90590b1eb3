#include "goquote.h"

#include "base/utf8.h"

/* Code points beyond ASCII that Go's unicode.IsPrint refuses: every space but U+0020, and Cc, Cf, Co, Cs. */
static bool is_hidden(unsigned cp)
{
	static const struct {
		unsigned first, last;
	} ranges[] = {
		{ 0x80, 0xa0 },       { 0xad, 0xad },        { 0x600, 0x605 },   { 0x61c, 0x61c },
		{ 0x6dd, 0x6dd },     { 0x70f, 0x70f },      { 0x1680, 0x1680 }, { 0x180e, 0x180e },
		{ 0x2000, 0x200f },   { 0x2028, 0x202f },    { 0x205f, 0x206f }, { 0x3000, 0x3000 },
		{ 0xe000, 0xf8ff },   { 0xfeff, 0xfeff },    { 0xfff0, 0xfffb }, { 0xfffe, 0xffff },
		{ 0xe0000, 0xe00ff }, { 0xf0000, 0x10ffff },
	};
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (cp >= ranges[i].first && cp <= ranges[i].last)
			return true;
	return false;
}

static void quote_ascii(struct buf *out, char c)
{
	static const char letters[] = "abtnvfr"; /* 0x07..0x0d */
	if (c == '"' || c == '\\')
		buf_printf(out, "\\%c", c);
	else if (c >= 7 && c <= 13)
		buf_printf(out, "\\%c", letters[c - 7]);
	else if (c < 0x20 || c == 0x7f)
		buf_printf(out, "\\x%02x", (unsigned char)c);
	else
		buf_putc(out, c);
}

/* A sequence of two to four valid bytes. */
static void quote_wide(struct buf *out, const unsigned char *s, size_t len)
{
	unsigned cp = s[0] & (0x7fu >> len);
	for (size_t i = 1; i < len; i++)
		cp = cp << 6 | (s[i] & 0x3fu);
	if (!is_hidden(cp))
		buf_append(out, s, len);
	else
		buf_printf(out, cp > 0xffff ? "\\U%08x" : "\\u%04x", cp);
}

void go_quote(struct buf *out, struct view text)
{
	const unsigned char *s = (const unsigned char *)text.data;
	buf_putc(out, '"');
	for (size_t i = 0; i < text.len;) {
		size_t len = s[i] < 0x80 ? 1 : s[i] < 0xe0 ? 2 : s[i] < 0xf0 ? 3 : 4;
		bool valid = len <= text.len - i && utf8_valid_prefix(text.data + i, len) == len;
		if (s[i] < 0x80) {
			quote_ascii(out, text.data[i]);
		} else if (valid) {
			quote_wide(out, s + i, len);
		} else {
			buf_printf(out, "\\x%02x", s[i]);
			len = 1;
		}
		i += len;
	}
	buf_putc(out, '"');
}
