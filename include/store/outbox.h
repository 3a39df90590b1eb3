/* The outbox: what must reach a foreign service in spite of it being down, on disk and bounded.
 *
 * A channel is one destination (a webhook, a mail server, a table). Items are kept in order per channel; the channel's
 * sender is called with the oldest due one and answers; failures back off (1 s doubling to 5 min, with the
 * sender's own wish honoured) and the item survives restarts. Past `max_items` or `max_age` the oldest is dropped,
 * counted and reported. Loop only.
 *
 * One item per channel is under way at a time, or as many as the channel says: then `send` is called for each of them
 * in order, before the first is answered. After a failure none is given out until the next try is due. Bodies wait in
 * RAM as well as in the store, so a channel holds at most OUTBOX_CHANNEL_BYTES of them. An item whose commit the disk refused is still sent, it only does not survive a restart.
 * After a crash an item may be sent once more: at least once, not exactly once.
 */
#ifndef AUSPEX_STORE_OUTBOX_H
#define AUSPEX_STORE_OUTBOX_H

#include "store/store.h"

extern const struct store_kind outbox_kind; /* to be among the kinds given to store_open */

#define OUTBOX_CHANNEL_BYTES   ((size_t)4 << 20)
#define OUTBOX_BACKOFF_MIN_NS  NS_PER_S
#define OUTBOX_BACKOFF_MAX_NS  (300 * NS_PER_S)
#define OUTBOX_RETRY_AFTER_MAX (24 * 3600 * NS_PER_S) /* of a sender's wish */

struct outbox;
struct outbox_channel {
	const char *name;
	uint32_t max_items; /* 0 = 10 000 */
	int64_t max_age_ns; /* 0 = 7 days */
	/* Sends one item; must answer later or at once with outbox_answer. `body` is borrowed until the answer. */
	void (*send)(void *arg, int64_t item, struct view body);
	void *arg;
	uint32_t max_flying; /* most items under way; 0 = 1 */
};
/* Loads what the store still holds. */
int outbox_new(struct outbox **out, uv_loop_t *loop, struct store *store, const struct clock *clock, struct log *log);
void outbox_close(struct outbox *o, void (*cb)(void *arg), void *arg);
int outbox_add_channel(struct outbox *o, const struct outbox_channel *channel);
/* Its sender is not called again, and what it holds is not to be answered any more; the items wait, in the store too, for a channel of that
 * name. Not from inside `send`. */
void outbox_remove_channel(struct outbox *o, const char *name);
/* 0 when accepted (durable with the next commit), ERR_UNKNOWN for a channel nobody added, ERR_FULL, -ENOMEM. The first
 * try is made from the loop, never from inside this call. */
int outbox_put(struct outbox *o, const char *channel, struct view body);
enum outbox_verdict { OUTBOX_SENT, OUTBOX_RETRY, OUTBOX_REJECTED /* never will: drop and count */ };
/* `item` as given to `send`; allowed inside it. retry_after_ns 0 = by back-off. `why` may be NULL. An unknown item is ignored. */
void outbox_answer(struct outbox *o, int64_t item, enum outbox_verdict verdict, int64_t retry_after_ns, const char *why);
/* Sends what is due now and drops what is too old; the outbox's own timer calls it. */
void outbox_poll(struct outbox *o);

struct outbox_stats {
	uint64_t waiting, sent, retried, rejected, dropped;
	char last_error[200];
};
/* 0 or ERR_UNKNOWN. */
int outbox_get_stats(const struct outbox *o, const char *channel, struct outbox_stats *out);

#endif
