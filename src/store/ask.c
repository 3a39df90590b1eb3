/* Questions from the loop to the reader. Every answer, also a refusal, comes from the loop later; only when
 * there is no memory for the question itself is it refused at once. */
#include "impl.h"

#include <errno.h>
#include <stdlib.h>

static void answer_later(struct store *s, struct request *r, int status)
{
	r->status = status;
	reader_refuse(&s->reader, r);
}

/* Text of the values is copied: the caller's query may be on its stack. */
static int copy_query(struct request *r, const struct store_query *q)
{
	size_t size = 1;
	r->query = *q;
	for (size_t i = 0; i < q->n_equals; i++)
		size += q->equals[i].value.v.len;
	char *p = r->text = malloc(size);
	if (!p)
		return -ENOMEM;
	for (size_t i = 0; i < q->n_equals; i++) {
		struct view *v = &r->query.equals[i].value.v;
		if (v->len)
			memcpy(p, v->data, v->len);
		v->data = p;
		p += v->len;
	}
	return 0;
}

static int ask(struct store *s, struct request *r)
{
	if (s->closing)
		return ERR_CLOSED;
	return reader_put(&s->reader, r);
}

void store_query(struct store *s, const struct store_query *q, struct store_read *read)
{
	struct request *r = request_new(REQUEST_QUERY);
	read->impl = r;
	if (!r) {
		read->done(read, -ENOMEM);
		return;
	}
	r->read = read;
	int rc = query_check(q);
	if (rc == 0)
		rc = copy_query(r, q);
	if (rc == 0 && s->durable)
		rc = ask(s, r);
	if (rc < 0 || !s->durable)
		answer_later(s, r, rc);
}

void store_read_cancel(struct store *s, struct store_read *read)
{
	(void)s;
	struct request *r = read->impl;
	if (r)
		atomic_store(&r->cancelled, true);
}

void store_query_steps(struct store *s, struct store_steps *q)
{
	struct request *r = request_new(REQUEST_STEPS);
	q->impl = r;
	if (!r) {
		q->done(q, -ENOMEM);
		return;
	}
	r->steps = q;
	const struct known_series *k = known_find(&s->known, q->key);
	bool empty = !s->durable || !k || q->n == 0;
	int rc = q->step_ms <= 0 ? ERR_RANGE : 0;
	for (size_t i = 0; i < q->n && rc == 0; i++)
		q->steps[i].t = q->start + (wall_ms)i * q->step_ms;
	r->series = k ? k->id : 0;
	if (rc == 0 && !empty)
		rc = ask(s, r);
	if (rc < 0 || empty)
		answer_later(s, r, rc);
}
