/* Digests, encodings and secrets' small helpers. Pure. Thread: any. */
#ifndef AUSPEX_BASE_DIGEST_H
#define AUSPEX_BASE_DIGEST_H

#include "base/buf.h"

#include <stdint.h>

#define SHA256_SIZE 32
struct sha256 {
	uint32_t state[8];
	uint64_t bytes;
	unsigned char block[64];
};
/* FIPS 180-4. */
void sha256_init(struct sha256 *s);
void sha256_update(struct sha256 *s, const void *data, size_t len);
void sha256_final(struct sha256 *s, unsigned char out[SHA256_SIZE]);
void sha256(const void *data, size_t len, unsigned char out[SHA256_SIZE]);
/* RFC 2104. */
void hmac_sha256(struct view key, const void *data, size_t len, unsigned char out[SHA256_SIZE]);

/* RFC 1321. For names and checks that others define by it; it secures nothing. */
#define MD5_SIZE 16
void md5(const void *data, size_t len, unsigned char out[MD5_SIZE]);

/* CRC-32C (Castagnoli), table driven; start with crc 0. */
uint32_t crc32c(uint32_t crc, const void *data, size_t len);

/* Lower-case hex; `out` gets 2*len bytes and a NUL. */
void hex_encode(const unsigned char *data, size_t len, char *out);
/* Standard alphabet with padding. */
void base64_append(struct buf *b, const void *data, size_t len);

/* Equality whose time depends only on the lengths of both (lengths may differ). */
bool secret_equal(struct view a, struct view b);
/* Fills from the kernel's generator. 0 or -errno. */
int random_bytes(void *out, size_t len);

#endif
