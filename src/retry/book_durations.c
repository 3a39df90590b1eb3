/* How long runs took, as percentiles, and how many attempts they needed.
 *
 * One pass over the runs' rows (32 bytes each, leaves outside the range skipped) into a histogram whose buckets are 1/128 of a
 * power of two wide: nothing to maintain while runs come and go, and 10 000 runs cost some 20 us.
 */
#include "book_impl.h"

#include <errno.h>

#define STEPS    128u /* buckets per power of two */
#define STEP_LOG 7
#define BUCKETS  ((64 - STEP_LOG) * STEPS)

static uint32_t bucket_of(uint64_t ns)
{
	if (ns < STEPS)
		return (uint32_t)ns;
	unsigned shift = 63u - (unsigned)__builtin_clzll(ns) - STEP_LOG;
	return shift * STEPS + (uint32_t)(ns >> shift);
}

/* The middle of a bucket. */
static double value_of(uint32_t bucket)
{
	if (bucket < 2 * STEPS)
		return bucket;
	unsigned shift = bucket / STEPS - 1;
	return ((double)(bucket - shift * STEPS) + 0.5) * (double)(1ull << shift);
}

static void add_leaf(const struct leaf *leaf, wall_ns start, wall_ns end, uint32_t *buckets,
		     struct book_durations *out)
{
	for (uint32_t i = 0; i < leaf->n; i++) {
		const struct meta *m = &leaf->meta[i];
		if (m->dead || m->t <= start || m->t >= end)
			continue;
		uint64_t ns = m->duration_ns < 0 ? 0 : (uint64_t)m->duration_ns;
		uint32_t attempts = m->attempts < BOOK_ATTEMPTS ? m->attempts : BOOK_ATTEMPTS;
		buckets[bucket_of(ns)]++;
		out->attempts[attempts ? attempts - 1 : 0]++;
		out->max_ns = m->duration_ns > out->max_ns ? m->duration_ns : out->max_ns;
		out->runs++;
	}
}

/* Nearest rank: the smallest value that at least this share of the runs does not exceed. */
static double quantile(const uint32_t *buckets, uint64_t runs, double share, int64_t max_ns)
{
	uint64_t rank = (uint64_t)(share * (double)runs), seen = 0;
	if ((double)rank < share * (double)runs)
		rank++;
	for (uint32_t i = 0; i < BUCKETS; i++) {
		seen += buckets[i];
		if (seen >= rank && seen) {
			double v = value_of(i);
			return v < (double)max_ns ? v : (double)max_ns;
		}
	}
	return 0;
}

int book_durations(struct book *b, wall_ns now, wall_ns start, wall_ns end, const double *shares, size_t n,
		   double *ns, struct arena *arena, struct book_durations *out)
{
	book_expire(b, now);
	*out = (struct book_durations){ 0 };
	uint32_t *buckets = arena_alloc(arena, BUCKETS * sizeof(*buckets));
	if (!buckets)
		return -ENOMEM;
	memset(buckets, 0, BUCKETS * sizeof(*buckets));
	for (uint64_t at = b->first - b->first % LEAF_RUNS; at < b->next; at += LEAF_RUNS) {
		const struct leaf *leaf = book_leaf(b, at);
		if (leaf && leaf->agg.max_t > start && leaf->agg.min_t < end)
			add_leaf(leaf, start, end, buckets, out);
	}
	for (size_t i = 0; i < n; i++)
		ns[i] = quantile(buckets, out->runs, shares[i], out->max_ns);
	return 0;
}
