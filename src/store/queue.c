#include "queue.h"

#include <errno.h>
#include <string.h>

int queue_init(struct queue *q, size_t limit)
{
	*q = (struct queue){ .limit = limit, .deadline = QUEUE_NEVER };
	int rc = uv_mutex_init(&q->lock);
	if (rc < 0)
		return rc;
	rc = uv_cond_init(&q->wake);
	if (rc < 0)
		uv_mutex_destroy(&q->lock);
	return rc;
}

void queue_fini(struct queue *q)
{
	buf_fini(&q->fill.data);
	buf_fini(&q->work.data);
	uv_cond_destroy(&q->wake);
	uv_mutex_destroy(&q->lock);
}

/* Half the limit for each of the two buffers; MUST records reach up to twice that. */
static bool has_room(const struct queue *q, size_t size, enum store_weight weight)
{
	size_t limit = weight == STORE_MUST ? q->limit : q->limit / 2;
	return size <= limit && q->fill.data.len <= limit - size;
}

static int count_refusal(struct queue *q, enum store_weight weight, bool tick)
{
	if (tick)
		q->ticks_dropped++;
	else if (weight == STORE_MUST)
		q->must_refused++;
	else
		q->detail_dropped++;
	return ERR_FULL;
}

char *queue_reserve(struct queue *q, size_t size, enum store_weight weight, bool tick, int *rc)
{
	uv_mutex_lock(&q->lock);
	struct buf *b = &q->fill.data;
	*rc = 0;
	if (q->stop)
		*rc = ERR_CLOSED;
	else if (!has_room(q, size, weight))
		*rc = count_refusal(q, weight, tick);
	else if (b->cap - b->len <= size && buf_reserve(b, size) < 0) {
		b->failed = false;
		*rc = -ENOMEM;
	}
	if (*rc == 0)
		return b->data + b->len;
	uv_mutex_unlock(&q->lock);
	return NULL;
}

/* Enough of a push to begin with, before its ticket is there. */
static bool comes_early(const struct batch *b)
{
	return b->must_open && b->data.len >= QUEUE_EARLY_BYTES;
}

static void wake_writer(struct queue *q)
{
	if (q->wait_until == 0)
		return;
	q->wait_until = 0;
	uv_cond_signal(&q->wake);
}

void queue_publish(struct queue *q, size_t size, enum store_weight weight, bool tick, uint64_t within_ns)
{
	struct batch *b = &q->fill;
	bool first = tick ? b->n_ticks == 0 : b->n_detail + b->n_must == 0;
	b->data.len += size;
	b->n_ticks += tick;
	b->n_detail += !tick && weight == STORE_DETAIL;
	b->n_must += !tick && weight == STORE_MUST;
	b->must_open |= !tick && weight == STORE_MUST;
	if (first) { /* later ones of the class are due later: no clock for them */
		uint64_t due = uv_hrtime() + within_ns;
		if (due < q->deadline)
			q->deadline = due;
	}
	if (q->deadline < q->wait_until || b->data.len >= QUEUE_WAKE_BYTES || comes_early(b))
		wake_writer(q);
	uv_mutex_unlock(&q->lock);
}

void queue_publish_more(struct queue *q, size_t size)
{
	q->fill.data.len += size;
	uv_mutex_unlock(&q->lock);
}

void queue_publish_op(struct queue *q, size_t size, uint64_t within_ns)
{
	uint64_t due = uv_hrtime() + within_ns;
	q->fill.data.len += size;
	q->fill.ops = true;
	q->deadline = due < q->deadline ? due : q->deadline;
	if (q->deadline < q->wait_until)
		wake_writer(q);
	uv_mutex_unlock(&q->lock);
}

void queue_set_limit(struct queue *q, size_t limit)
{
	uv_mutex_lock(&q->lock);
	q->limit = limit;
	uv_mutex_unlock(&q->lock);
}

void queue_stats(struct queue *q, struct store_stats *out)
{
	uv_mutex_lock(&q->lock);
	out->detail_dropped_queue = q->detail_dropped;
	out->ticks_dropped = q->ticks_dropped;
	out->must_refused = q->must_refused;
	out->queue_bytes = q->fill.data.len + q->work_bytes;
	out->queue_limit = q->limit;
	uv_mutex_unlock(&q->lock);
}

void queue_ticket(struct queue *q, struct store_ticket *ticket)
{
	ticket->next = NULL;
	uv_mutex_lock(&q->lock);
	struct batch *b = &q->fill;
	if (b->tickets)
		b->tickets_last->next = ticket;
	else
		b->tickets = ticket;
	b->tickets_last = ticket;
	b->must_open = false;
	q->urgent = true;
	wake_writer(q);
	uv_mutex_unlock(&q->lock);
}

void queue_stop(struct queue *q)
{
	uv_mutex_lock(&q->lock);
	q->stop = true;
	wake_writer(q);
	uv_mutex_unlock(&q->lock);
}

void queue_kick(struct queue *q)
{
	uv_mutex_lock(&q->lock);
	q->urgent = true;
	wake_writer(q);
	uv_mutex_unlock(&q->lock);
}

static void batch_clear(struct batch *b, size_t keep)
{
	struct buf data = b->data;
	buf_clear(&data);
	if (keep)
		buf_shrink(&data, keep);
	*b = (struct batch){ .data = data };
}

/* Sleeps until `fill` is due, somebody is in a hurry, or `until`. An idle store gives its large buffers back.
 */
static void wait_due(struct queue *q, uint64_t until)
{
	for (;;) {
		uint64_t now = uv_hrtime();
		uint64_t end = q->deadline < until ? q->deadline : until;
		if (q->urgent || q->stop || q->fill.data.len >= QUEUE_WAKE_BYTES || comes_early(&q->fill) ||
		    now >= end)
			return;
		if (q->fill.data.len == 0) {
			batch_clear(&q->work, QUEUE_KEEP_BYTES);
			if (q->fill.data.cap > QUEUE_KEEP_BYTES)
				buf_shrink(&q->fill.data, QUEUE_KEEP_BYTES);
		}
		q->wait_until = end;
		if (end == QUEUE_NEVER)
			uv_cond_wait(&q->wake, &q->lock);
		else
			uv_cond_timedwait(&q->wake, &q->lock, end - now);
		q->wait_until = 0;
	}
}

void queue_done(struct queue *q)
{
	uv_mutex_lock(&q->lock);
	q->work_bytes = 0;
	uv_mutex_unlock(&q->lock);
}

bool queue_take(struct queue *q, uint64_t until, bool *stop)
{
	batch_clear(&q->work, 0);
	uv_mutex_lock(&q->lock);
	wait_due(q, until);
	struct batch empty = q->work;
	q->work = q->fill;
	q->fill = empty;
	q->work_bytes = q->work.data.len;
	q->deadline = QUEUE_NEVER;
	q->urgent = false;
	*stop = q->stop;
	uv_mutex_unlock(&q->lock);
	return q->work.data.len || q->work.tickets;
}

static void merge(struct batch *to, const struct batch *from)
{
	to->data.len += from->data.len;
	to->n_detail += from->n_detail;
	to->n_must += from->n_must;
	to->n_ticks += from->n_ticks;
	to->must_open = from->must_open;
	to->tickets = from->tickets; /* a batch with tickets is not extended */
	to->tickets_last = from->tickets_last;
}

bool queue_extend(struct queue *q, uint64_t wait_ns)
{
	uint64_t now = uv_hrtime(), end = now + wait_ns;
	bool added = false;
	uv_mutex_lock(&q->lock);
	struct batch *fill = &q->fill;
	while (!fill->tickets && !comes_early(fill) && !q->urgent && !q->stop && now < end) {
		q->wait_until = end;
		uv_cond_timedwait(&q->wake, &q->lock, end - now);
		q->wait_until = 0;
		now = uv_hrtime();
	}
	if ((fill->data.len || fill->tickets) && !fill->ops &&
	    buf_reserve(&q->work.data, fill->data.len) == 0) {
		if (fill->data.len) /* a buffer that was never used has no memory to copy from */
			memcpy(q->work.data.data + q->work.data.len, fill->data.data, fill->data.len);
		merge(&q->work, fill);
		batch_clear(fill, 0);
		q->work_bytes = q->work.data.len;
		q->deadline = QUEUE_NEVER;
		q->urgent = false;
		added = true;
	}
	q->work.data.failed = false;
	uv_mutex_unlock(&q->lock);
	return added;
}
