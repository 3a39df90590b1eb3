/* A push under way, open to the files of this room only.
 *
 *   begin → take items → commit → release items → answer → gone
 *              ↑ a portion per turn ↑       a long push only
 */
#ifndef AUSPEX_INTAKE_PUSH_IMPL_H
#define AUSPEX_INTAKE_PUSH_IMPL_H

#include "intake/push.h"

#include "base/json_write.h"

#define PUSH_LISTS_MAX 16

struct push {
	const struct push_durability *durability;
	struct push_op *first, *last; /* long pushes whose next portion is due */
	bool in_turn, stopped;
	const struct clock *clock;
	struct push_list lists[PUSH_LISTS_MAX];
	size_t n_lists;
	size_t waiting_bytes;
	struct push_stats stats;
};

/* How far a message was taken. */
struct push_cursor {
	json_ref key, item; /* JSON_NONE: before the first */
	int64_t index;
	const struct push_list *list; /* NULL: `name` is one that nobody serves, and `sentence` says so */
	const char *name, *sentence;
};

struct push_op {
	struct push *push;
	struct push_op *next; /* in the list of the long ones */
	struct push_document own;
	const struct json_doc *doc;
	json_ref root;
	struct push_cursor at;
	bool is_long, committed;
	wall_ns now;
	struct unix_ids ids;
	void (*done)(void *arg, bool ok, struct view reply);
	void *arg;
	struct buf stage[PUSH_LISTS_MAX];
	size_t released[PUSH_LISTS_MAX]; /* bytes of each stage */
	struct buf errors;               /* the items of the array, as written */
	struct jw errors_w;
	uint32_t n_errors;
	uint64_t accepted, rejected;
	size_t bytes; /* as counted in waiting_bytes */
};

/* push_take.c */
/* Takes items; those of a long push in a portion of so many or so much text. True when the whole message was taken. */
bool push_take_some(struct push_op *op);
/* An entry of the answer's `errors`, unless there are a hundred already. */
void push_add_error(struct push_op *op, const char *list, int64_t index, const char *why);

#endif
