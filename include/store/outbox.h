/* The outbox: what must reach a foreign service in spite of it being down, on disk and bounded.
 *
 * A channel is one destination (a webhook, a mail server, a table). Items are kept in order per channel; the channel's
 * sender is called with the oldest due one and answers; failures back off (1 s doubling to 5 min, with the
 * sender's own wish honoured) and the item survives restarts. Past `max_items` or `max_age` the oldest is dropped,
 * counted and reported. Loop only.
 */
#ifndef AUSPEX_STORE_OUTBOX_H
#define AUSPEX_STORE_OUTBOX_H

#include "store/store.h"

extern const struct store_kind outbox_kind; /* to be among the kinds given to store_open */

struct outbox;
struct outbox_channel {
	const char *name;
	uint32_t max_items; /* default 10 000 */
	int64_t max_age_ns; /* default 7 days */
	/* Sends one item; must answer later or at once with outbox_answer. `body` is borrowed until the answer. */
	void (*send)(void *arg, int64_t item, struct view body);
	void *arg;
};
/* Loads what the store still holds. */
int outbox_new(struct outbox **out, uv_loop_t *loop, struct store *store, const struct clock *clock, struct log *log);
void outbox_close(struct outbox *o, void (*cb)(void *arg), void *arg);
int outbox_add_channel(struct outbox *o, const struct outbox_channel *channel);
/* 0 when accepted (durable with the next commit), ERR_UNKNOWN for a channel nobody added, -ENOMEM. */
int outbox_put(struct outbox *o, const char *channel, struct view body);
enum outbox_verdict { OUTBOX_SENT, OUTBOX_RETRY, OUTBOX_REJECTED /* never will: drop and count */ };
void outbox_answer(struct outbox *o, int64_t item, enum outbox_verdict verdict, int64_t retry_after_ns, const char *why);
struct outbox_stats {
	uint64_t waiting, sent, retried, rejected, dropped;
	char last_error[200];
};
int outbox_get_stats(const struct outbox *o, const char *channel, struct outbox_stats *out);

#endif
