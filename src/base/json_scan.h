/* Finding the bytes of a string that need attention, a block at a time; private to base.
 *
 * A block is 16 bytes with SSE2 or NEON, else 8 in a general register. block_stops() answers a mask with
 * BLOCK_BITS bits per byte, lowest byte first: set where the scan must stop. The caller takes the lowest
 * set bit only (the portable form may flag bytes above a true hit).
 */
#ifndef AUSPEX_BASE_JSON_SCAN_H
#define AUSPEX_BASE_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* What stops a scan: the quote and the backslash always, and */
enum scan_stops {
	SCAN_TEXT,    /* nothing else: reading, lenient */
	SCAN_CONTROL, /* bytes below 0x20: reading, strict, and writing */
	SCAN_GO,      /* as SCAN_CONTROL, and < > & and every byte >= 0x80 */
};

#if defined(__SSE2__)
#include <emmintrin.h>
#define BLOCK_BYTES 16
#define BLOCK_BITS  1
static inline __attribute__((always_inline)) uint64_t block_stops(const char *p, enum scan_stops stops,
								  uint64_t *high)
{
	__m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);
	__m128i hit =
		_mm_or_si128(_mm_cmpeq_epi8(x, _mm_set1_epi8('"')), _mm_cmpeq_epi8(x, _mm_set1_epi8('\\')));
	if (stops != SCAN_TEXT)
		hit = _mm_or_si128(hit, _mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8(0x1f)), x));
	if (stops == SCAN_GO) {
		/* '<' and '>' differ in one bit */
		__m128i angle = _mm_cmpeq_epi8(_mm_or_si128(x, _mm_set1_epi8(2)), _mm_set1_epi8('>'));
		hit = _mm_or_si128(hit, _mm_or_si128(angle, _mm_cmpeq_epi8(x, _mm_set1_epi8('&'))));
	}
	*high = (unsigned)_mm_movemask_epi8(x);
	uint64_t mask = (unsigned)_mm_movemask_epi8(hit);
	return stops == SCAN_GO ? mask | *high : mask;
}
#elif defined(__ARM_NEON) && defined(__aarch64__)
#include <arm_neon.h>
#define BLOCK_BYTES 16
#define BLOCK_BITS  4
static inline uint64_t block_nibbles(uint8x16_t mask)
{
	return vget_lane_u64(vreinterpret_u64_u8(vshrn_n_u16(vreinterpretq_u16_u8(mask), 4)), 0);
}
static inline __attribute__((always_inline)) uint64_t block_stops(const char *p, enum scan_stops stops,
								  uint64_t *high)
{
	uint8x16_t x = vld1q_u8((const uint8_t *)p);
	uint8x16_t hit = vorrq_u8(vceqq_u8(x, vdupq_n_u8('"')), vceqq_u8(x, vdupq_n_u8('\\')));
	if (stops != SCAN_TEXT)
		hit = vorrq_u8(hit, vcltq_u8(x, vdupq_n_u8(0x20)));
	if (stops == SCAN_GO) {
		uint8x16_t angle = vceqq_u8(vorrq_u8(x, vdupq_n_u8(2)), vdupq_n_u8('>'));
		hit = vorrq_u8(hit, vorrq_u8(angle, vceqq_u8(x, vdupq_n_u8('&'))));
	}
	*high = block_nibbles(vcgeq_u8(x, vdupq_n_u8(0x80)));
	return stops == SCAN_GO ? block_nibbles(hit) | *high : block_nibbles(hit);
}
#else
#define BLOCK_BYTES 8
#define BLOCK_BITS  8
#define BLOCK_ONES  UINT64_C(0x0101010101010101)
#define BLOCK_TOPS  UINT64_C(0x8080808080808080)
/* Top bit of each byte equal to c; exact for the lowest such byte, which is all that is used. */
static inline uint64_t block_equal(uint64_t x, unsigned char c)
{
	x ^= BLOCK_ONES * c;
	return (x - BLOCK_ONES) & ~x & BLOCK_TOPS;
}
static inline __attribute__((always_inline)) uint64_t block_stops(const char *p, enum scan_stops stops,
								  uint64_t *high)
{
	uint64_t x;
	memcpy(&x, p, sizeof(x));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	x = __builtin_bswap64(x);
#endif
	uint64_t hit = block_equal(x, '"') | block_equal(x, '\\');
	if (stops != SCAN_TEXT)
		hit |= (x - BLOCK_ONES * 0x20) & ~x & BLOCK_TOPS;
	if (stops == SCAN_GO)
		hit |= block_equal(x | BLOCK_ONES * 2, '>') | block_equal(x, '&');
	*high = x & BLOCK_TOPS;
	return stops == SCAN_GO ? hit | *high : hit;
}
#endif

static inline __attribute__((always_inline)) bool scan_stops_at(unsigned char c, enum scan_stops stops)
{
	if (c == '"' || c == '\\' || (stops != SCAN_TEXT && c < 0x20))
		return true;
	return stops == SCAN_GO && (c >= 0x80 || c == '<' || c == '>' || c == '&');
}

/* The first stopping byte in [p, end), or `end`. `*high` becomes non-zero when a byte >= 0x80 was passed. */
static inline __attribute__((always_inline)) const char *scan_string(const char *p, const char *end,
								     enum scan_stops stops, uint64_t *high)
{
	uint64_t top;
	while ((size_t)(end - p) >= BLOCK_BYTES) {
		uint64_t hit = block_stops(p, stops, &top);
		if (hit) {
			*high |= top & ((hit & -hit) - 1);
			return p + (unsigned)__builtin_ctzll(hit) / BLOCK_BITS;
		}
		*high |= top;
		p += BLOCK_BYTES;
	}
	for (; p < end && !scan_stops_at((unsigned char)*p, stops); p++)
		*high |= (unsigned char)*p & 0x80u;
	return p;
}

static inline bool json_is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

#endif
