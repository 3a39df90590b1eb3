/* The queue from the loop to the writer: two byte buffers that change places.
 *
 * The loop encodes into `fill` under a mutex that the writer takes only to swap; in a steady state nothing is allocated
 * and nobody is woken per record. The writer is woken by a ticket, by QUEUE_WAKE_BYTES of data, or sleeps until
 * the oldest item is due (records a second after arrival, ticks after the flush interval).
 *
 * Bound: what is being written plus what is being filled stays within `limit`; MUST records may use twice that.
 */
#ifndef AUSPEX_STORE_QUEUE_H
#define AUSPEX_STORE_QUEUE_H

#include "codec.h"

#define QUEUE_EARLY_BYTES ((size_t)8 << 10)   /* of MUST records: somebody is about to wait for them */
#define QUEUE_WAKE_BYTES  ((size_t)256 << 10) /* enough rows that a commit costs little beside them */
#define QUEUE_KEEP_BYTES  ((size_t)64 << 10)  /* kept by a buffer of an idle store */
#define QUEUE_NEVER       UINT64_MAX

struct batch {
	struct buf data;
	uint32_t n_detail, n_must, n_ticks;
	bool ops;       /* holds operations other than records, ticks and names of series */
	bool must_open; /* MUST records behind the last ticket: the next one answers for them */
	struct store_ticket *tickets, *tickets_last;
};

struct queue {
	uv_mutex_t lock;
	uv_cond_t wake;
	struct batch fill; /* under the lock */
	struct batch work; /* the writer's between queue_take and the next one */
	size_t work_bytes; /* under the lock, for the statistics */
	size_t limit;
	uint64_t deadline;   /* uv_hrtime at which `fill` is due */
	uint64_t wait_until; /* the writer sleeps until then; 0 = awake */
	bool urgent, stop;
	uint64_t detail_dropped, ticks_dropped, must_refused;
};

int queue_init(struct queue *q, size_t limit);
void queue_fini(struct queue *q);

/* Locks and makes room; NULL (unlocked, counted, *rc set) when there is none. Write `size` bytes, then publish. */
char *queue_reserve(struct queue *q, size_t size, enum store_weight weight, bool tick, int *rc);
/* Unlocks. The bytes are due in `within_ns`. */
void queue_publish(struct queue *q, size_t size, enum store_weight weight, bool tick, uint64_t within_ns);
/* Unlocks; the bytes belong to an item that follows at once. */
void queue_publish_more(struct queue *q, size_t size);
/* Unlocks; an operation that is not a record. */
void queue_publish_op(struct queue *q, size_t size, uint64_t within_ns);
void queue_set_limit(struct queue *q, size_t limit);
void queue_stats(struct queue *q, struct store_stats *out);
void queue_ticket(struct queue *q, struct store_ticket *ticket);
void queue_stop(struct queue *q);
/* Wakes the writer without giving it anything. */
void queue_kick(struct queue *q);

/* Writer: `work` is done with; before those who wait for it hear of it. */
void queue_done(struct queue *q);
/* Writer: waits until something is due or `until` has come; swaps. True when `work` holds something to do. */
bool queue_take(struct queue *q, uint64_t until, bool *stop);
/* Adds what has come to the batch at work, while its transaction is still open: the rest of a large push is decoded while its beginning is
 * inserted. Waits up to `wait_ns` for more. False when there is nothing to add, or it must begin a batch of its own. */
bool queue_extend(struct queue *q, uint64_t wait_ns);

#endif
