/* Encodings, comparison of secrets, randomness; the digests are in sha256.c and crc32c.c. */
#include "base/digest.h"

#include <errno.h>
#include <sys/random.h>
#include <unistd.h>

void hex_encode(const unsigned char *data, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < len; i++) {
		*out++ = digits[data[i] >> 4];
		*out++ = digits[data[i] & 15];
	}
	*out = '\0';
}

void base64_append(struct buf *b, const void *data, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *p = data;
	for (; len; p += 3) {
		size_t n = len < 3 ? len : 3;
		uint32_t bits = (uint32_t)p[0] << 16 | (n > 1 ? (uint32_t)p[1] << 8 : 0) | (n > 2 ? p[2] : 0);
		char quad[4] = { digits[bits >> 18], digits[bits >> 12 & 63],
				 n > 1 ? digits[bits >> 6 & 63] : '=', n > 2 ? digits[bits & 63] : '=' };
		buf_append(b, quad, 4);
		len -= n;
	}
}

bool secret_equal(struct view a, struct view b)
{
	/* Walks both lengths whatever the content; the volatile sum keeps the compiler from leaving early. */
	volatile unsigned char differ = a.len != b.len;
	size_t n = a.len > b.len ? a.len : b.len;
	for (size_t i = 0; i < n; i++) {
		unsigned char x = i < a.len ? (unsigned char)a.data[i] : 0;
		unsigned char y = i < b.len ? (unsigned char)b.data[i] : 0;
		differ = differ | (x ^ y);
	}
	return differ == 0;
}

int random_bytes(void *out, size_t len)
{
	unsigned char *p = out;
	while (len) {
		size_t n = len < 256 ? len : 256; /* the most getentropy gives at once */
		if (getentropy(p, n) < 0)
			return -errno;
		p += n;
		len -= n;
	}
	return 0;
}
