#include "push_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WAITING_BYTES_MAX ((size_t)64 << 20)

int push_new(struct push **out, const struct push_durability *durability, const struct clock *clock)
{
	struct push *p = calloc(1, sizeof(*p));
	struct push_durability *copy = malloc(sizeof(*copy));
	if (!p || !copy) {
		free(p);
		free(copy);
		return -ENOMEM;
	}
	*copy = *durability;
	p->durability = copy;
	p->clock = clock;
	*out = p;
	return 0;
}

void push_free(struct push *p)
{
	if (!p)
		return;
	free((void *)p->durability);
	free(p);
}

int push_add_list(struct push *p, const struct push_list *list)
{
	for (size_t i = 0; i < p->n_lists; i++)
		if (strcmp(p->lists[i].name, list->name) == 0)
			return ERR_DUPLICATE;
	if (p->n_lists == PUSH_LISTS_MAX)
		return ERR_FULL;
	p->lists[p->n_lists++] = *list;
	return 0;
}

wall_ns push_now(const struct push_op *op)
{
	return op->now;
}

struct unix_ids push_ids(const struct push_op *op)
{
	return op->ids;
}

static void document_free(struct push_op *op)
{
	json_doc_fini(&op->own.doc);
	buf_fini(&op->own.text);
	op->doc = NULL;
}

static void op_free(struct push_op *op)
{
	document_free(op);
	for (size_t i = 0; i < PUSH_LISTS_MAX; i++)
		buf_fini(&op->stage[i]);
	buf_fini(&op->errors);
	free(op);
}

/* Counts anew what the push holds. */
static void weigh(struct push_op *op)
{
	size_t total = sizeof(*op) + op->errors.cap + op->own.text.cap +
		       (size_t)op->own.doc.cap * sizeof(struct json_node);
	for (size_t i = 0; i < PUSH_LISTS_MAX; i++)
		total += op->stage[i].cap;
	op->push->waiting_bytes += total - op->bytes;
	op->bytes = total;
}

static struct push_op *op_new(struct push *p, const struct push_request *req)
{
	struct push_op *op = calloc(1, sizeof(*op));
	if (!op)
		return NULL;
	op->push = p;
	op->now = req->now;
	op->ids = req->ids;
	op->done = req->done;
	op->arg = req->arg;
	op->doc = req->doc;
	op->root = req->root;
	op->at.key = op->at.item = JSON_NONE;
	json_doc_init(&op->own.doc);
	buf_init(&op->own.text);
	if (req->own) {
		op->own = *req->own;
		op->doc = &op->own.doc;
		json_doc_init(&req->own->doc);
		buf_init(&req->own->text);
	}
	op->is_long = req->own && p->durability->again;
	for (size_t i = 0; i < PUSH_LISTS_MAX; i++)
		buf_init(&op->stage[i]);
	buf_init(&op->errors);
	op->errors_w = jw_init(&op->errors, JW_COMPACT);
	jw_arr(&op->errors_w, NULL);
	return op;
}

/* --- portions ----------------------------------------------------------------------------------------------------- */

static void queue_op(struct push_op *op)
{
	struct push *p = op->push;
	op->next = NULL;
	*(p->last ? &p->last->next : &p->first) = op;
	p->last = op;
	if (p->first == op && !p->in_turn)
		p->durability->again(p->durability->ctx);
}

static struct push_op *unqueue_op(struct push *p)
{
	struct push_op *op = p->first;
	if (!op)
		return NULL;
	p->first = op->next;
	if (!p->first)
		p->last = NULL;
	return op;
}

static void take(struct push_op *op)
{
	bool all = push_take_some(op);
	if (all)
		document_free(op);
	weigh(op);
	if (all)
		op->push->durability->commit(op->push->durability->ctx, op);
	else
		queue_op(op);
}

int push_start(struct push *p, const struct push_request *req, struct err *err)
{
	if (p->stopped)
		return err_set(err, ERR_CLOSED, "", "the daemon is stopping; send it again later");
	if (json_type(req->doc, req->root) != JSON_OBJECT)
		return err_set(err, ERR_TYPE, "", "a push must be a JSON object");
	if (p->waiting_bytes > WAITING_BYTES_MAX)
		return err_set(err, ERR_FULL, "",
			       "too many pushes wait for the disk; send it again in a moment");
	struct push_op *op = op_new(p, req);
	if (!op)
		return err_set(err, -ENOMEM, "", "out of memory");
	p->stats.waiting++;
	take(op);
	return 0;
}

/* --- the answer
 * --------------------------------------------------------------------------------------------------- */

static void write_reply(struct push_op *op, bool ok, struct buf *out)
{
	const struct push_durability *d = op->push->durability;
	struct jw w = jw_init(out, JW_COMPACT);

	jw_end(&op->errors_w);
	jw_obj(&w, NULL);
	jw_cstr(&w, "type", "push_response");
	jw_cstr(&w, "status", ok ? "ok" : "error");
	jw_u64(&w, "accepted", op->accepted);
	jw_u64(&w, "rejected", op->rejected);
	if (op->errors.failed)
		jw_raw(&w, "errors", VIEW("[]"));
	else
		jw_raw(&w, "errors", (struct view){ op->errors.data, op->errors.len });
	if (ok && d->is_durable && !d->is_durable(d->ctx))
		jw_bool(&w, "durable", false);
	jw_end(&w);
	buf_putc(out, '\n');
}

/* Makes what was staged visible, a portion of a long push. True when all of it is. */
static bool release_some(struct push_op *op)
{
	const struct push *p = op->push;
	for (size_t i = 0; i < p->n_lists; i++) {
		struct buf *stage = &op->stage[i];
		size_t *at = &op->released[i];
		while (p->lists[i].release && *at < stage->len) {
			struct view rest = { stage->data + *at, stage->len - *at };
			size_t n = p->lists[i].release(p->lists[i].ctx, op, rest);
			*at = n && n <= rest.len ? *at + n : stage->len;
			if (op->is_long && *at < stage->len)
				return false;
		}
	}
	return true;
}

/* Nothing of it was kept: what was accepted is rejected after all, and the first error says why. */
static void undo(struct push_op *op, int status)
{
	char why[160];
	op->rejected += op->accepted;
	op->accepted = 0;
	op->n_errors = 0;
	buf_clear(&op->errors);
	op->errors_w = jw_init(&op->errors, JW_COMPACT);
	jw_arr(&op->errors_w, NULL);
	snprintf(why, sizeof(why),
		 "the history could not be written (%s); nothing of this push was kept, send it again",
		 err_text(status));
	push_add_error(op, "", -1, why);
}

static void answer(struct push_op *op, bool ok)
{
	struct push *p = op->push;
	struct buf out;

	buf_init(&out);
	p->stats.waiting--;
	p->stats.pushes++;
	p->stats.accepted += op->accepted;
	p->stats.rejected += op->rejected;
	p->stats.failed += !ok;
	write_reply(op, ok, &out);
	op->done(op->arg, ok,
		 out.failed ? VIEW("{\"type\":\"push_response\",\"status\":\"error\",\"accepted\":0,"
				   "\"rejected\":0,\"errors\":[]}\n")
			    : (struct view){ out.data, out.len });
	buf_fini(&out);
}

static void finish(struct push_op *op)
{
	op->push->waiting_bytes -= op->bytes;
	op_free(op);
}

static void release(struct push_op *op)
{
	if (release_some(op)) {
		answer(op, true);
		finish(op);
	} else {
		queue_op(op);
	}
}

void push_committed(struct push_op *op, int status)
{
	bool ok = status == 0;

	op->committed = true;
	if (!ok)
		undo(op, status);
	if (ok && op->is_long && !op->push->stopped) {
		release(op);
		return;
	}
	answer(op, ok);
	if (ok && !op->push->stopped) /* while the sender reads; whatever it asks next is heard after this */
		release_some(op);
	finish(op);
}

bool push_turn(struct push *p)
{
	struct push_op *op = unqueue_op(p);
	p->in_turn = true;
	if (op && op->committed)
		release(op);
	else if (op)
		take(op);
	p->in_turn = false;
	return p->first != NULL;
}

void push_stop(struct push *p)
{
	struct push_op *op;
	p->stopped = true;
	while ((op = unqueue_op(p))) {
		if (!op->committed)
			undo(op, ERR_CLOSED);
		answer(op, op->committed);
		finish(op);
	}
}

void push_get_stats(const struct push *p, struct push_stats *out)
{
	*out = p->stats;
}
