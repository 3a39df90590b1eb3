/* Taking the items of a push, list by list. */
#include "push_impl.h"

#include <errno.h>

#define ERRORS_MAX 100
/* Of the text of a long push at one time: masking and packing may cost 7 ns a byte. */
#define PORTION_BYTES ((size_t)128 * 1024)

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

void push_add_error(struct push_op *op, const char *list, int64_t index, const char *why)
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
	push_add_error(op, list, index, why);
}

static void take_item(struct push_op *op)
{
	const struct push_cursor *at = &op->at;
	struct buf *stage = &op->stage[at->list - op->push->lists];
	size_t before = stage->len;
	struct err err; /* only its first bytes are cleared: this runs for every item */

	err.code = 0;
	err.place[0] = err.text[0] = '\0';
	int rc = at->list->item(at->list->ctx, op, op->doc, at->item, stage, &err);

	if (rc == 0 && !stage->failed) {
		op->accepted++;
		return;
	}
	stage->len = before < stage->len ? before : stage->len;
	rc = rc ? rc : -ENOMEM;
	reject(op, at->name, at->index, err.text[0] ? err.text : err_text(rc));
}

/* At a member of the message. Unknown names are ignored, as everywhere in this protocol. */
static void enter_list(struct push_op *op)
{
	const struct push *p = op->push;
	struct push_cursor *at = &op->at;
	struct view name = json_raw(op->doc, at->key);
	json_ref value = at->key + 1;

	at->list = NULL;
	at->name = at->sentence = NULL;
	at->index = 0;
	for (size_t i = 0; i < p->n_lists && !at->list; i++)
		if (view_eq(view_of(p->lists[i].name), name))
			at->list = &p->lists[i];
	if (at->list)
		at->name = at->list->name;
	for (size_t i = 0; i < sizeof(absent_lists) / sizeof(absent_lists[0]) && !at->list; i++)
		if (view_eq(view_of(absent_lists[i].name), name)) {
			at->name = absent_lists[i].name;
			at->sentence = absent_lists[i].sentence;
		}
	if (!at->name || json_type(op->doc, value) == JSON_NULL)
		return;
	if (json_type(op->doc, value) == JSON_ARRAY)
		at->item = json_first(op->doc, value);
	else
		reject(op, at->name, -1, "the list must be a JSON array");
}

bool push_take_some(struct push_op *op)
{
	struct push_cursor *at = &op->at;
	const struct json_doc *d = op->doc;
	size_t begun = SIZE_MAX;

	for (uint32_t n = 0; !op->is_long || n < PUSH_PORTION; n++) {
		if (at->item == JSON_NONE) {
			at->key = at->key == JSON_NONE ? json_first(d, op->root)
						       : json_next(d, op->root, at->key);
			if (at->key == JSON_NONE)
				return true;
			enter_list(op);
			continue;
		}
		size_t off = d->nodes[at->item].off;
		begun = begun == SIZE_MAX ? off : begun;
		if (op->is_long && off - begun > PORTION_BYTES)
			break;
		if (at->list)
			take_item(op);
		else
			reject(op, at->name, at->index, at->sentence);
		at->item = json_next(d, at->key + 1, at->item);
		at->index++;
	}
	return false;
}
