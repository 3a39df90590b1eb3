/* SipHash-1-3 (Aumasson and Bernstein) under one random key per process. */
#include "base/digest.h"
#include "base/map.h"

#include <pthread.h>
#include <time.h>
#include <unistd.h>

/* The one writable static of the program, and constant after its first use: the key belongs to the process
 * and not to a daemon, because hashes never leave it, and a key per map would cost every table 16 bytes and
 * every caller of hash_bytes an argument. */
static uint64_t hash_key[2];
static pthread_once_t hash_key_once = PTHREAD_ONCE_INIT;

static void hash_key_init(void)
{
	if (random_bytes(hash_key, sizeof(hash_key)) == 0)
		return;
	/* Without a generator (a sandbox): hard to guess from outside is the best there is. */
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	hash_key[0] = (uint64_t)ts.tv_nsec * UINT64_C(0x9E3779B97F4A7C15) ^ (uint64_t)getpid();
	hash_key[1] = (uint64_t)(uintptr_t)&ts ^ (uint64_t)ts.tv_sec << 32;
}

static inline uint64_t rotl(uint64_t x, int n)
{
	return x << n | x >> (64 - n);
}

struct sip {
	uint64_t v0, v1, v2, v3;
};

static inline void sip_round(struct sip *s)
{
	s->v0 += s->v1;
	s->v1 = rotl(s->v1, 13) ^ s->v0;
	s->v0 = rotl(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = rotl(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = rotl(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = rotl(s->v1, 17) ^ s->v2;
	s->v2 = rotl(s->v2, 32);
}

static inline void sip_word(struct sip *s, uint64_t word)
{
	s->v3 ^= word;
	sip_round(s);
	s->v0 ^= word;
}

/* Byte order of the machine: the value is never stored or sent. */
static inline uint64_t load_tail(const unsigned char *p, size_t n)
{
	uint64_t word = 0;
	if (n)
		memcpy(&word, p, n);
	return word;
}

uint64_t hash_bytes(const void *data, size_t len)
{
	pthread_once(&hash_key_once, hash_key_init);
	struct sip s = { hash_key[0] ^ UINT64_C(0x736f6d6570736575),
			 hash_key[1] ^ UINT64_C(0x646f72616e646f6d),
			 hash_key[0] ^ UINT64_C(0x6c7967656e657261),
			 hash_key[1] ^ UINT64_C(0x7465646279746573) };
	const unsigned char *p = data;
	for (size_t left = len; left >= 8; left -= 8, p += 8)
		sip_word(&s, load_tail(p, 8));
	sip_word(&s, load_tail(p, len & 7) | (uint64_t)len << 56);
	s.v2 ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(&s);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
