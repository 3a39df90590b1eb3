/* `push`: one message for every kind of record, answered after the commit.
 *
 *   {"type":"push","runs":[…],"samples":[{"series":"app.queue{q=mail}","t":1763800000.25,"v":3}],"records":[…],"test_runs":[…]}
 *   → {"type":"push_response","status":"ok","accepted":N,"rejected":M,"errors":[…]}
 *
 * Each list belongs to a domain, as a row. An item that is bad is rejected alone (`errors` holds {"list","index","error"}, at most 100), `status` stays
 * "ok"; a list nobody serves is rejected item by item with a sentence; an unknown key is ignored; an empty push is answered. What
 * the lists accepted is staged until the commit, then released to RAM; if the commit fails everything staged is dropped, `status` is
 * "error", `accepted` 0, and the error says why, so that a sender may send the same again.
 *
 * A long push (one whose document is the push's own, see `own`) is taken and released in portions, one per turn of the loop, so that
 * the loop keeps to its milliseconds; its answer comes after the last of them. Loop only.
 */
#ifndef AUSPEX_INTAKE_PUSH_H
#define AUSPEX_INTAKE_PUSH_H

#include "intake/intake.h"

/* One push under way. */
struct push_op;

/* Items that a list releases, and that are taken of a long push, at one time. */
#define PUSH_PORTION 1000

struct push_list {
	const char *name; /* "runs" */
	/* Decodes one item, queues it for the store and stages it in `stage` (appended bytes of the list's own form). 0, or a negative
	 * code with err->text naming what is wrong and what would be right. */
	int (*item)(void *ctx, const struct push_op *op, const struct json_doc *doc, json_ref item, struct buf *stage,
		    struct err *err);
	/* The commit succeeded: makes staged items visible, the first ones of `stage`, PUSH_PORTION at most. Returns how many bytes they
	 * are; called until none are left. */
	size_t (*release)(void *ctx, const struct push_op *op, struct view stage);
	void *ctx;
};

/* Given by app: makes everything queued durable, then calls push_committed(op, status) on the loop (never from inside). */
struct push_durability {
	void (*commit)(void *ctx, struct push_op *op);
	void *ctx;
	/* False while nothing is kept on disk: the reply then ends with "durable":false. May be NULL = always durable. */
	bool (*is_durable)(void *ctx);
	/* Asks for push_turn() once per turn of the loop, until that returns false. NULL: every push is taken at once. */
	void (*again)(void *ctx);
};

struct push;
/* `durability` is copied. 0 or -ENOMEM. */
int push_new(struct push **out, const struct push_durability *durability, const struct clock *clock);
/* The next portion of the long pushes under way. True when there is more to do. */
bool push_turn(struct push *p);
/* No more turns will come: what is under way is answered as failed, what comes later refused. */
void push_stop(struct push *p);
void push_free(struct push *p);
int push_add_list(struct push *p, const struct push_list *list); /* copied */

/* What the lists may ask. */
wall_ns push_now(const struct push_op *op);
struct unix_ids push_ids(const struct push_op *op);

/* A parsed text that its owner may give away. */
struct push_document {
	struct json_doc doc;
	struct buf text;
};
struct push_request {
	const struct json_doc *doc;
	json_ref root;
	struct unix_ids ids;
	wall_ns now;
	void (*done)(void *arg, bool ok, struct view reply);
	void *arg;
	struct push_document *own; /* where `doc` lies, or NULL: emptied when the push begins, which then frees it */
};
/* Starts a push from a parsed message (the root object; "type" not looked at). `done` is called once, later, with the reply line (ending in "\n";
 * borrowed for the call). -ENOMEM / ERR_TYPE (root is no object) / ERR_FULL (more than 64 MB of pushes wait for commits) / ERR_CLOSED at
 * once otherwise. */
int push_start(struct push *p, const struct push_request *req, struct err *err);
void push_committed(struct push_op *op, int status);
/* The `push` row for intake; give it to intake_add_kind. */
struct intake_kind push_intake_kind(struct push *p, struct intake *in);

struct push_stats {
	uint64_t pushes, accepted, rejected, failed;
	uint32_t waiting;
};
void push_get_stats(const struct push *p, struct push_stats *out);

#endif
