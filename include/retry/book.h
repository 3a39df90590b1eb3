/* The run book: the newest runs in RAM, bounded exactly by count and age, with aggregates that answer any range in O(buckets).
 *
 * Layout: runs are packed in leaves of 256 (≤ 1 KiB a run for ordinary runs, all included), commands are interned with a
 * reference count. Over the leaves stands a small tree (fan-out 16), each node with totals, the span of its times and sums per
 * command; a range query takes whole nodes where it can and reads single runs only at its ends, and takes "all minus outside"
 * where that is shorter. Nodes know their times, so answers stay exact when the clock steps back; expiry then also removes
 * runs from the middle (sequence numbers may have holes).
 *
 * Bounds: by count and age exactly, and by memory: above max_runs KiB (at least 256 MiB) the oldest leave early, so that a
 * flood of megabyte documents cannot take the host.
 *
 * Pure: time is an argument. Loop only.
 */
#ifndef AUSPEX_RETRY_BOOK_H
#define AUSPEX_RETRY_BOOK_H

#include "retry/run.h"

struct book;
struct book_limits {
	int64_t max_runs;   /* 0 = keep none */
	int64_t max_age_ns; /* runs with stored_at <= now - max_age_ns are gone; 0 = keep none */
};
struct book *book_new(const struct book_limits *limits);
void book_free(struct book *b);
void book_set_limits(struct book *b, const struct book_limits *limits, wall_ns now);
/* Copies the run; evicts the oldest beyond the limits. 0, -ENOMEM, or ERR_FULL (a run of over 4 GiB). */
int book_add(struct book *b, const struct run *run);
/* Removes what is too old now; every reading function below does this first through its `now`. Returns how many left. */
uint64_t book_expire(struct book *b, wall_ns now);
uint64_t book_count(const struct book *b);
uint64_t book_first_seq(const struct book *b); /* sequence numbers: of the oldest run held … */
uint64_t book_next_seq(const struct book *b);  /* … and of the next to come; seq is stable while a run lives */
size_t book_bytes(const struct book *b);
wall_ns book_last_cleanup(const struct book *b);
/* Unpacks run `seq`; views borrowed until the book changes; attempts in `arena`. ERR_MISSING if evicted. */
int book_get(const struct book *b, uint64_t seq, struct arena *arena, struct run *run);

/* Did a run with exactly this command go through the mask before? Then masking it again would change nothing, and the run's
 * command_checked is set. Sets its command_hint, which saves book_add the search. */
void book_recall(struct book *b, struct run *run);
/* The sequence number from which the newest `n` live runs begin. */
uint64_t book_seek_newest(const struct book *b, uint64_t n);

/* --- statistics (contract section 2) ------------------------------------------------------------------------------- */
#define BOOK_TOP 10
struct book_command {
	struct view command; /* borrowed until the book changes */
	uint64_t count, successes;
	int64_t avg_duration_ns;
	uint64_t last_seq;
};
struct book_hour {
	wall_ns hour; /* start of the UTC hour */
	uint64_t runs, successes;
};
struct book_stats {
	uint64_t runs, successes, attempts;
	int64_t avg_duration_ns; /* saturated */
	struct book_command top[BOOK_TOP];
	uint32_t n_top;
	struct book_hour *hours; /* in the arena, ascending, only hours with data */
	uint32_t n_hours;
};
/* Over runs with start < stored_at < end (both exclusive). */
int book_stats(struct book *b, wall_ns now, wall_ns start, wall_ns end, struct arena *arena, struct book_stats *out);
/* Durations and attempts over runs with start < stored_at < end. */
#define BOOK_ATTEMPTS 10
struct book_durations {
	uint64_t runs;
	int64_t max_ns;                   /* exact */
	uint64_t attempts[BOOK_ATTEMPTS]; /* runs by attempts needed: 1, 2, …; the last counts all from BOOK_ATTEMPTS on */
};
/* ns[i] is the duration in nanoseconds that the share shares[i] (0..1) of the runs does not exceed (nearest rank), within
 * BOOK_DURATION_ERROR of it; 0 without runs. O(runs in range), 1 M in some 5 ms. Scratch from `arena`. 0 or -ENOMEM. */
#define BOOK_DURATION_ERROR 0.004
int book_durations(struct book *b, wall_ns now, wall_ns start, wall_ns end, const double *shares, size_t n,
		   double *ns, struct arena *arena, struct book_durations *out);
/* Totals since the book was made, evicted runs included (for counters). */
struct book_totals {
	uint64_t runs, successes, attempts, failed_attempts;
	double duration_s;
};
struct book_totals book_totals(const struct book *b);

#endif
