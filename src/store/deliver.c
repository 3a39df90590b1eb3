/* From the other threads to the loop: answered tickets, rows, finished backups, sentences. */
#include "impl.h"

#include <stdio.h>
#include <stdlib.h>

void store_answer(struct store *s, struct store_ticket *first, struct store_ticket *last, int status)
{
	last->next = NULL;
	for (struct store_ticket *t = first; t; t = t->next)
		t->batch = (uint64_t)(int64_t)status;
	uv_mutex_lock(&s->lock);
	*s->answered_end = first;
	s->answered_end = &last->next;
	uv_mutex_unlock(&s->lock);
	uv_async_send(&s->async);
}

void store_say(void *store, bool bad, const char *sentence)
{
	struct store *s = store;
	struct note *n = malloc(sizeof(*n));
	LOG(s->log, bad ? LOG_ERROR : LOG_INFO, "store", sentence);
	if (!n)
		return;
	*n = (struct note){ .bad = bad };
	snprintf(n->text, sizeof(n->text), "%s", sentence);
	uv_mutex_lock(&s->lock);
	*s->notes_end = n;
	s->notes_end = &n->next;
	uv_mutex_unlock(&s->lock);
	uv_async_send(&s->async);
}

static struct note *take_notes(struct store *s)
{
	uv_mutex_lock(&s->lock);
	struct note *n = s->notes;
	s->notes = NULL;
	s->notes_end = &s->notes;
	uv_mutex_unlock(&s->lock);
	return n;
}

void deliver_drop_notes(struct store *s)
{
	for (struct note *n = take_notes(s), *next; n; n = next) {
		next = n->next;
		free(n);
	}
}

static void deliver_notes(struct store *s)
{
	for (struct note *n = take_notes(s), *next; n; n = next) {
		next = n->next;
		if (s->notice.cb)
			s->notice.cb(s->notice.arg, n->bad, n->text);
		free(n);
	}
}

static void deliver_tickets(struct store *s)
{
	uv_mutex_lock(&s->lock);
	struct store_ticket *t = s->answered;
	s->answered = NULL;
	s->answered_end = &s->answered;
	uv_mutex_unlock(&s->lock);
	while (t) {
		struct store_ticket *next = t->next; /* `done` may free it or use it again */
		t->done(t, (int)(int64_t)t->batch);
		t = next;
	}
}

static void finish_check(struct store *s, struct request *q)
{
	struct op_head head = { .op = OP_RENEW, .len = sizeof(head) };
	int rc;
	if (q->status != ERR_CORRUPT || s->closing)
		return;
	LOG(s->log, LOG_ERROR, "store", "the check after the start found damage",
	    LF_S("finding", q->finding));
	char *p = queue_reserve(&s->queue, head.len, STORE_MUST, false, &rc);
	if (!p)
		return;
	head_put(p, &head);
	queue_publish_op(&s->queue, head.len, 0);
}

static void finish_request(struct store *s, struct request *q)
{
	if (atomic_load(&q->cancelled))
		q->status = ERR_CANCELLED;
	if (q->type == REQUEST_QUERY) {
		q->read->impl = NULL;
		q->read->done(q->read, q->status);
	} else if (q->type == REQUEST_STEPS) {
		q->steps->impl = NULL;
		q->steps->done(q->steps, q->status);
	} else {
		finish_check(s, q);
	}
	request_free(q);
}

static void deliver_row(struct chunk *c)
{
	struct store_value values[STORE_COLUMNS_MAX];
	struct op_head head;
	const char *start = c->rows.data + c->read;
	const char *p = head_get(start, &head);
	for (uint8_t i = 0; i < head.n; i++)
		p = value_get(p, &values[i]);
	c->read += head.len;
	struct store_row row = { .id = head.id, .t = head.t, .values = values, .n = head.n };
	struct store_read *read = c->request->read;
	if (!atomic_load(&c->request->cancelled))
		read->row(read, &row);
}

/* False when time was up before the rows were. */
static bool deliver_rows(struct store *s)
{
	uint64_t end = uv_hrtime() + STORE_SLICE_US * (uint64_t)NS_PER_US;
	struct chunk *c;
	while ((c = reader_peek(&s->reader))) {
		for (unsigned n = 1; c->read < c->rows.len; n++) {
			deliver_row(c);
			if (n % 16 == 0 && uv_hrtime() > end)
				return false;
		}
		struct request *finished = c->last ? c->request : NULL;
		reader_pop(&s->reader);
		if (finished)
			finish_request(s, finished);
		if (uv_hrtime() > end)
			return false;
	}
	return true;
}

static void deliver_adoption(struct store *s)
{
	uv_mutex_lock(&s->lock);
	bool adopt = s->adopt;
	s->adopt = false;
	uv_mutex_unlock(&s->lock);
	if (!adopt || s->closing)
		return;
	int rc = store_adopt(s);
	if (rc < 0) /* the writer asks again with its next probe */
		LOG(s->log, LOG_WARN, "store", "the opened history cannot be read yet",
		    LF_S("reason", err_text(rc)));
}

void store_on_async(uv_async_t *async)
{
	struct store *s = async->data;
	if (!s->finished)
		conn_close(&s->load);
	deliver_adoption(s);
	deliver_tickets(s);
	deliver_notes(s);
	backup_deliver(s);
	if (!deliver_rows(s))
		uv_async_send(&s->async);
	store_close_step(s);
}
