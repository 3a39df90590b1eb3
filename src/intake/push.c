#include "intake/push.h"

#include "base/json_write.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LISTS_MAX         16
#define ERRORS_MAX        100
#define WAITING_BYTES_MAX ((size_t)64 << 20)

struct push {
	const struct push_durability *durability;
	const struct clock *clock;
	struct push_list lists[LISTS_MAX];
	size_t n_lists;
	size_t waiting_bytes;
	struct push_stats stats;
};

struct push_op {
	struct push *push;
	wall_ns now;
	struct unix_ids ids;
	void (*done)(void *arg, bool ok, struct view reply);
	void *arg;
	struct buf stage[LISTS_MAX];
	struct buf errors; /* the items of the array, as written */
	struct jw errors_w;
	uint32_t n_errors;
	uint64_t accepted, rejected;
	size_t bytes; /* as counted in waiting_bytes */
};

/* Lists of services that may be missing from a build. */
struct absent {
	const char *name, *sentence;
};
static const struct absent absent_lists[] = {
	{ "runs", "runs are taken by the retry service, which this daemon does not run" },
	{ "samples", "samples are taken by the series registry, which this daemon does not run" },
	{ "records", "records are taken by the fleet service, which this build does not have" },
	{ "test_runs", "test runs are taken by the change service, which this build does not have" },
};

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
	if (p->n_lists == LISTS_MAX)
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

static void add_error(struct push_op *op, const char *list, int64_t index, const char *why)
{
	if (op->n_errors++ >= ERRORS_MAX)
		return;
	struct jw *w = &op->errors_w;
	jw_obj(w, NULL);
	jw_cstr(w, "list", list);
	jw_i64(w, "index", index);
	jw_cstr(w, "error", why);
	jw_end(w);
}

static void reject(struct push_op *op, const char *list, int64_t index, const char *why)
{
	op->rejected++;
	add_error(op, list, index, why);
}

static void take_item(struct push_op *op, const struct push_list *list, size_t slot,
		      const struct push_request *req, json_ref item, int64_t index)
{
	struct buf *stage = &op->stage[slot];
	size_t before = stage->len;
	struct err err; /* only its first bytes are cleared: this runs for every item */

	err.code = 0;
	err.place[0] = err.text[0] = '\0';
	int rc = list->item(list->ctx, op, req->doc, item, stage, &err);

	if (rc == 0 && !stage->failed) {
		op->accepted++;
		return;
	}
	stage->len = before < stage->len ? before : stage->len;
	rc = rc ? rc : -ENOMEM;
	reject(op, list->name, index, err.text[0] ? err.text : err_text(rc));
}

/* One member of the message. Unknown names are ignored, as everywhere in this protocol. */
static void take_list(struct push_op *op, struct view name, const struct push_request *req, json_ref value)
{
	const struct push *p = op->push;
	const struct push_list *list = NULL;
	const char *sentence = NULL, *known = NULL;
	int64_t index = 0;

	for (size_t i = 0; i < p->n_lists && !list; i++)
		if (view_eq(view_of(p->lists[i].name), name))
			list = &p->lists[i];
	for (size_t i = 0; i < sizeof(absent_lists) / sizeof(absent_lists[0]) && !list; i++)
		if (view_eq(view_of(absent_lists[i].name), name)) {
			known = absent_lists[i].name;
			sentence = absent_lists[i].sentence;
		}
	if ((!list && !known) || json_type(req->doc, value) == JSON_NULL)
		return;
	known = list ? list->name : known;
	if (json_type(req->doc, value) != JSON_ARRAY) {
		reject(op, known, -1, "the list must be a JSON array");
		return;
	}
	for (json_ref v = json_first(req->doc, value); v != JSON_NONE;
	     v = json_next(req->doc, value, v), index++) {
		if (list)
			take_item(op, list, (size_t)(list - p->lists), req, v, index);
		else
			reject(op, known, index, sentence);
	}
}

static void op_free(struct push_op *op)
{
	for (size_t i = 0; i < LISTS_MAX; i++)
		buf_fini(&op->stage[i]);
	buf_fini(&op->errors);
	free(op);
}

static size_t op_bytes(const struct push_op *op)
{
	size_t total = sizeof(*op) + op->errors.cap;
	for (size_t i = 0; i < LISTS_MAX; i++)
		total += op->stage[i].cap;
	return total;
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
	for (size_t i = 0; i < LISTS_MAX; i++)
		buf_init(&op->stage[i]);
	buf_init(&op->errors);
	op->errors_w = jw_init(&op->errors, JW_COMPACT);
	jw_arr(&op->errors_w, NULL);
	return op;
}

int push_start(struct push *p, const struct push_request *req, struct err *err)
{
	const struct json_doc *d = req->doc;

	if (json_type(d, req->root) != JSON_OBJECT)
		return err_set(err, ERR_TYPE, "", "a push must be a JSON object");
	if (p->waiting_bytes > WAITING_BYTES_MAX)
		return err_set(err, ERR_FULL, "",
			       "too many pushes wait for the disk; send it again in a moment");
	struct push_op *op = op_new(p, req);
	if (!op)
		return err_set(err, -ENOMEM, "", "out of memory");
	for (json_ref key = json_first(d, req->root); key != JSON_NONE; key = json_next(d, req->root, key))
		take_list(op, json_raw(d, key), req, key + 1);
	op->bytes = op_bytes(op);
	p->waiting_bytes += op->bytes;
	p->stats.waiting++;
	p->durability->commit(p->durability->ctx, op);
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

static void release(struct push_op *op)
{
	const struct push *p = op->push;
	for (size_t i = 0; i < p->n_lists; i++)
		if (op->stage[i].len && p->lists[i].release)
			p->lists[i].release(p->lists[i].ctx, op,
					    (struct view){ op->stage[i].data, op->stage[i].len });
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
	add_error(op, "", -1, why);
}

void push_committed(struct push_op *op, int status)
{
	struct push *p = op->push;
	bool ok = status == 0;
	struct buf out;

	buf_init(&out);
	if (!ok)
		undo(op, status);
	p->waiting_bytes -= op->bytes;
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
	if (ok) /* while the sender reads; whatever it asks next is heard after this */
		release(op);
	buf_fini(&out);
	op_free(op);
}

void push_get_stats(const struct push *p, struct push_stats *out)
{
	*out = p->stats;
}
