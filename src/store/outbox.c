#include "store/outbox.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define MAX_ITEMS   10000
#define MAX_AGE_NS  (7 * 24 * 3600 * NS_PER_S)
#define CHANNEL_MAX 64

enum { COLUMN_CHANNEL, COLUMN_BODY };
static const struct store_column columns[] = {
	[COLUMN_CHANNEL] = { "channel", STORE_TEXT, false },
	[COLUMN_BODY] = { "body", STORE_BLOB, false },
};
const struct store_kind outbox_kind = { .name = "outbox", .columns = columns, .n_columns = 2, .version = 1 };

struct item {
	struct item *next;
	int64_t id;
	wall_ns t;
	size_t len;
	char channel[CHANNEL_MAX]; /* only of use while nobody has added the channel */
	char body[];
};

struct queue_of {
	struct item *first, **end;
};

struct channel {
	struct channel *next;
	struct outbox_channel conf;
	char name[CHANNEL_MAX];
	struct queue_of waiting;
	struct item *flying; /* given to the sender */
	uint32_t n_flying;
	size_t bytes; /* of bodies, the flying ones included */
	mono_us due;  /* no try before */
	int64_t backoff_ns;
	struct outbox_stats stats;
};

struct outbox {
	uv_timer_t timer;
	struct store *store;
	const struct clock *clock;
	struct log *log;
	struct channel *channels;
	struct queue_of orphans; /* loaded, their channel not added yet */
	void (*close_cb)(void *arg);
	void *close_arg;
};

static void queue_push(struct queue_of *q, struct item *it)
{
	it->next = NULL;
	*q->end = it;
	q->end = &it->next;
}

static struct item *queue_pop(struct queue_of *q)
{
	struct item *it = q->first;
	q->first = it->next;
	if (!q->first)
		q->end = &q->first;
	return it;
}

static struct item *item_new(int64_t id, wall_ns t, const char *channel, size_t channel_len, struct view body)
{
	struct item *it = malloc(sizeof(*it) + body.len);
	if (!it)
		return NULL;
	*it = (struct item){ .id = id, .t = t, .len = body.len };
	snprintf(it->channel, sizeof(it->channel), "%.*s", (int)channel_len, channel);
	if (body.len)
		memcpy(it->body, body.data, body.len);
	return it;
}

static void item_forget(struct outbox *o, struct item *it)
{
	struct store_value id = SV_INT(it->id);
	int rc = store_delete(o->store, &outbox_kind, NULL, &id);
	if (rc < 0 && rc != ERR_CLOSED) /* it would be sent again after a restart */
		LOG(o->log, LOG_WARN, "outbox", "a finished item could not be removed",
		    LF_S("reason", err_text(rc)));
	free(it);
}

static struct channel *channel_find(const struct outbox *o, const char *name)
{
	for (struct channel *c = o->channels; c; c = c->next)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

static void drop_oldest(struct outbox *o, struct channel *c, const char *why)
{
	struct item *it = queue_pop(&c->waiting);
	LOG(o->log, LOG_WARN, "outbox", "item dropped", LF_S("channel", c->name), LF_S("reason", why));
	snprintf(c->stats.last_error, sizeof(c->stats.last_error), "dropped: %s", why);
	c->stats.waiting--;
	c->stats.dropped++;
	c->bytes -= it->len;
	item_forget(o, it);
}

static void enforce_bounds(struct outbox *o, struct channel *c)
{
	wall_ns oldest = clock_wall_ns(o->clock) - c->conf.max_age_ns;
	while (c->waiting.first && c->stats.waiting > c->conf.max_items)
		drop_oldest(o, c, "too many items wait");
	while (c->waiting.first && c->bytes > OUTBOX_CHANNEL_BYTES)
		drop_oldest(o, c, "the waiting items are too large");
	while (c->waiting.first && c->waiting.first->t < oldest)
		drop_oldest(o, c, "too old");
}

static bool has_room(const struct channel *c)
{
	return c->waiting.first && c->n_flying < c->conf.max_flying;
}

/* The sender may answer at once. */
static void try_send(struct channel *c, mono_us now)
{
	while (has_room(c) && now >= c->due) {
		struct item *it = queue_pop(&c->waiting);
		it->next = c->flying;
		c->flying = it;
		c->n_flying++;
		c->conf.send(c->conf.arg, it->id, (struct view){ it->body, it->len });
		if (c->conf.max_flying == 1) /* the next one goes from the timer */
			return;
	}
}

static void on_timer(uv_timer_t *timer)
{
	outbox_poll(timer->data);
}

/* Wakes for the earliest channel that has something to send. */
static void arm(struct outbox *o)
{
	mono_us now = clock_mono_us(o->clock), earliest = INT64_MAX;
	for (struct channel *c = o->channels; c; c = c->next)
		if (has_room(c) && c->due < earliest)
			earliest = c->due;
	if (earliest == INT64_MAX)
		uv_timer_stop(&o->timer);
	else
		uv_timer_start(&o->timer, on_timer,
			       earliest > now ? (uint64_t)((earliest - now + 999) / US_PER_MS) : 0, 0);
}

void outbox_poll(struct outbox *o)
{
	mono_us now = clock_mono_us(o->clock);
	for (struct channel *c = o->channels; c; c = c->next) {
		enforce_bounds(o, c);
		try_send(c, now);
	}
	arm(o);
}

static void load_row(void *arg, const struct store_row *row)
{
	struct outbox *o = arg;
	struct view channel = row->values[COLUMN_CHANNEL].v;
	struct item *it = item_new(row->id, row->t, channel.data, channel.len, row->values[COLUMN_BODY].v);
	if (it) /* else it waits in the store for the next start */
		queue_push(&o->orphans, it);
}

static int load(struct outbox *o)
{
	struct store_query q = { .kind = &outbox_kind, .limit = 100000 };
	int rc = store_load(o->store, &q, load_row, o);
	if (rc < 0)
		LOG(o->log, LOG_WARN, "outbox", "what waited before the start cannot be read",
		    LF_S("reason", err_text(rc)));
	return rc == -ENOMEM ? rc : 0;
}

int outbox_new(struct outbox **out, uv_loop_t *loop, struct store *store, const struct clock *clock,
	       struct log *log)
{
	*out = NULL;
	struct outbox *o = calloc(1, sizeof(*o));
	if (!o)
		return -ENOMEM;
	o->store = store;
	o->clock = clock;
	o->log = log;
	o->orphans.end = &o->orphans.first;
	uv_timer_init(loop, &o->timer);
	o->timer.data = o;
	load(o);
	*out = o;
	return 0;
}

static void free_items(struct queue_of *q)
{
	while (q->first)
		free(queue_pop(q));
}

static void free_list(struct item *it)
{
	while (it) {
		struct item *next = it->next;
		free(it);
		it = next;
	}
}

static void on_closed(uv_handle_t *handle)
{
	struct outbox *o = handle->data;
	void (*cb)(void *arg) = o->close_cb;
	void *arg = o->close_arg;
	for (struct channel *c = o->channels, *next; c; c = next) {
		next = c->next;
		free_items(&c->waiting);
		free_list(c->flying);
		free(c);
	}
	free_items(&o->orphans);
	free(o);
	if (cb)
		cb(arg);
}

void outbox_close(struct outbox *o, void (*cb)(void *arg), void *arg)
{
	o->close_cb = cb;
	o->close_arg = arg;
	uv_close((uv_handle_t *)&o->timer, on_closed);
}

static void channel_put(struct channel *c, struct item *it)
{
	queue_push(&c->waiting, it);
	c->bytes += it->len;
	c->stats.waiting++;
}

/* Takes what an earlier process left for this channel; the order among the others stays. */
static void adopt_orphans(struct outbox *o, struct channel *c)
{
	struct queue_of others = { .end = &others.first };
	while (o->orphans.first) {
		struct item *it = queue_pop(&o->orphans);
		if (strcmp(it->channel, c->name) == 0)
			channel_put(c, it);
		else
			queue_push(&others, it);
	}
	while (others.first)
		queue_push(&o->orphans, queue_pop(&others));
}

int outbox_add_channel(struct outbox *o, const struct outbox_channel *channel)
{
	if (strlen(channel->name) >= CHANNEL_MAX)
		return ERR_RANGE;
	if (channel_find(o, channel->name))
		return ERR_DUPLICATE;
	struct channel *c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->conf = *channel;
	c->conf.max_items = channel->max_items ? channel->max_items : MAX_ITEMS;
	c->conf.max_flying = channel->max_flying ? channel->max_flying : 1;
	c->conf.max_age_ns = channel->max_age_ns > 0 ? channel->max_age_ns : MAX_AGE_NS;
	snprintf(c->name, sizeof(c->name), "%s", channel->name);
	c->conf.name = c->name;
	c->waiting.end = &c->waiting.first;
	c->backoff_ns = OUTBOX_BACKOFF_MIN_NS;
	c->next = o->channels;
	o->channels = c;
	adopt_orphans(o, c);
	enforce_bounds(o, c);
	arm(o);
	return 0;
}

static struct item *land(struct channel *c, struct item **at)
{
	struct item *it = *at;
	*at = it->next;
	c->n_flying--;
	return it;
}

/* Before all that came after it. */
static void put_back(struct channel *c, struct item *it)
{
	struct item **at = &c->waiting.first;
	while (*at && (*at)->id < it->id)
		at = &(*at)->next;
	it->next = *at;
	*at = it;
	if (!it->next)
		c->waiting.end = &it->next;
}

void outbox_remove_channel(struct outbox *o, const char *name)
{
	struct channel **at = &o->channels;
	while (*at && strcmp((*at)->name, name) != 0)
		at = &(*at)->next;
	struct channel *c = *at;
	if (!c)
		return;
	*at = c->next;
	while (c->flying)
		put_back(c, land(c, &c->flying));
	while (c->waiting.first)
		queue_push(&o->orphans, queue_pop(&c->waiting));
	free(c);
	arm(o);
}

int outbox_put(struct outbox *o, const char *channel, struct view body)
{
	struct channel *c = channel_find(o, channel);
	if (!c)
		return ERR_UNKNOWN;
	if (body.len > OUTBOX_CHANNEL_BYTES)
		return ERR_FULL;
	wall_ns now = clock_wall_ns(o->clock);
	struct item *it =
		item_new(store_next_id(o->store, &outbox_kind), now, channel, strlen(channel), body);
	if (!it)
		return -ENOMEM;
	struct store_value values[] = { SV_TEXT(view_of(channel)), SV_BLOB(body) };
	int rc = store_append(o->store, &outbox_kind, now, values, STORE_MUST);
	if (rc < 0) {
		free(it);
		return rc;
	}
	channel_put(c, it);
	enforce_bounds(o, c);
	arm(o);
	return 0;
}

/* Where the item hangs among those under way; NULL for a stranger. */
static struct item **find_flying(const struct outbox *o, int64_t item, struct channel **owner)
{
	for (struct channel *c = o->channels; c; c = c->next)
		for (struct item **at = &c->flying; *at; at = &(*at)->next)
			if ((*at)->id == item) {
				*owner = c;
				return at;
			}
	return NULL;
}

static int64_t next_delay(struct channel *c, int64_t retry_after_ns)
{
	int64_t delay = c->backoff_ns;
	c->backoff_ns = delay * 2 < OUTBOX_BACKOFF_MAX_NS ? delay * 2 : OUTBOX_BACKOFF_MAX_NS;
	if (retry_after_ns <= 0)
		return delay;
	return retry_after_ns < OUTBOX_RETRY_AFTER_MAX ? retry_after_ns : OUTBOX_RETRY_AFTER_MAX;
}

static void retire(struct outbox *o, struct channel *c, struct item *it)
{
	c->bytes -= it->len;
	c->stats.waiting--;
	c->backoff_ns = OUTBOX_BACKOFF_MIN_NS;
	c->due = 0;
	item_forget(o, it);
}

void outbox_answer(struct outbox *o, int64_t item, enum outbox_verdict verdict, int64_t retry_after_ns,
		   const char *why)
{
	struct channel *c = NULL;
	struct item **at = find_flying(o, item, &c);
	if (!at)
		return;
	struct item *it = land(c, at);
	if (why)
		snprintf(c->stats.last_error, sizeof(c->stats.last_error), "%s", why);
	if (verdict == OUTBOX_RETRY) {
		c->stats.retried++;
		c->due = clock_mono_us(o->clock) + next_delay(c, retry_after_ns) / NS_PER_US;
		put_back(c, it);
	} else {
		c->stats.sent += verdict == OUTBOX_SENT;
		c->stats.rejected += verdict == OUTBOX_REJECTED;
		if (verdict == OUTBOX_REJECTED)
			LOG(o->log, LOG_WARN, "outbox", "item refused for good", LF_S("channel", c->name),
			    LF_S("reason", why));
		retire(o, c, it);
	}
	arm(o); /* the next one goes from the timer: no recursion through a sender that answers at once */
}

int outbox_get_stats(const struct outbox *o, const char *channel, struct outbox_stats *out)
{
	const struct channel *c = channel_find(o, channel);
	if (!c)
		return ERR_UNKNOWN;
	*out = c->stats;
	return 0;
}
