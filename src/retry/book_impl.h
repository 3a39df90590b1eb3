/* Inside of the run book, shared by its files.
 *
 *   seq   0 ........ 255 | 256 ........ 511 | …            one leaf holds 256 consecutive runs
 *         [   leaf 0    ] [    leaf 1      ] …            meta rows + packed bodies + totals + shares per command
 *         [             node: 16 leaves              ]    level 1: 4 096 runs
 *         [        node: 16 nodes of level 1         ]    level 2: 65 536 runs
 *
 * A node stands only while every run below it lives; the first eviction inside drops it and readers go one level down. Each
 * carries the smallest and largest time below, so a range is answered by classifying nodes as inside, outside or across,
 * whatever order the times have: a clock that steps back needs no special case in queries.
 */
#ifndef AUSPEX_RETRY_BOOK_IMPL_H
#define AUSPEX_RETRY_BOOK_IMPL_H

#include "retry/book.h"

#include "base/map.h"

#define LEAF_RUNS   256u
#define FAN_OUT     16u
#define LEVELS      2 /* above the leaves */
#define NS_PER_HOUR (3600 * NS_PER_S)

typedef __int128 wide; /* sums of durations leave 64 bits */

struct agg {
	wall_ns min_t, max_t;
	wide duration_ns;
	uint64_t attempts;
	uint32_t runs, successes;
};

/* What one command contributed to a leaf or node. */
struct share {
	wide duration_ns;
	uint32_t cmd, count, successes;
	uint32_t last; /* newest run of it, counted from the first of the node */
};

struct node {
	struct agg agg;
	uint32_t n;
	struct share shares[];
};

struct meta {
	wall_ns t;
	int64_t duration_ns;
	uint32_t body; /* offset of the packed run in the leaf's bytes */
	uint32_t cmd;
	uint32_t prev; /* how many runs ago the same command ran; 0 = not known */
	uint32_t attempts : 30, success : 1, dead : 1;
};

struct leaf {
	uint64_t first;
	uint32_t n, live;
	struct agg agg;    /* of all n runs; only its times hold once live < n */
	struct node *node; /* shares, made when the leaf is full and dropped at its first eviction */
	unsigned char *bodies;
	uint32_t used, cap;
	struct meta meta[LEAF_RUNS];
};

/* A queue of pointers by index; holes are NULL. */
struct ring {
	void **items;
	uint32_t head, n, cap; /* cap: power of two or 0 */
	uint64_t first;        /* index of the oldest */
};
void *ring_get(const struct ring *r, uint64_t index); /* NULL outside */
void ring_set(struct ring *r, uint64_t index, void *item);
int ring_push(struct ring *r, void *item);
void *ring_pop(struct ring *r);

/* Interned commands: dense ids, reused once nothing refers to them. Columns apart, because the choice of the top ten runs over
 * the counts of all of them. */
struct command_rest {
	char *text;
	uint32_t len : 31;
	uint32_t checked : 1; /* the text went through the mask */
	uint32_t successes;
	wide duration_ns;
};
#define FRONT_SLOTS 256u
struct commands {
	struct map ids;
	uint32_t *count; /* live runs; 0 = free */
	uint64_t *last;  /* newest run; the next free id + 1 when free */
	struct command_rest *rest;
	uint32_t n, cap;
	uint32_t free; /* first free id + 1, or 0 */
	size_t bytes;
	uint32_t front[FRONT_SLOTS]; /* id + 1 by a cheap hash: hosts repeat few commands */
};
#define COMMAND_NONE UINT32_MAX
/* The id of a command, interned when new; COMMAND_NONE when out of memory. `hint`: an id + 1 that is looked at first, or 0. */
uint32_t commands_intern(struct commands *c, struct view text, uint32_t hint);
/* COMMAND_NONE when unknown. */
uint32_t commands_find(struct commands *c, struct view text);
/* Forgets a command whose count is 0. */
void commands_release(struct commands *c, uint32_t id);
void commands_fini(struct commands *c);

struct hours {
	struct book_hour *list; /* ascending */
	uint32_t n, cap;
};
int hours_add(struct hours *h, wall_ns t, bool success);
void hours_remove(struct hours *h, wall_ns t, bool success);

/* Sums per command while shares are merged: slot_of[cmd] - 1 indexes the list. */
struct tally {
	struct tally_row {
		wide duration_ns;
		uint64_t count, successes, last;
		uint32_t cmd;
	} * rows;
	uint32_t n, cap;
	uint32_t *slot_of;
	uint32_t slots;
};
struct tally_row *tally_row(struct tally *t, uint32_t cmd); /* NULL when out of memory */
int tally_reserve(struct tally *t, uint32_t commands);
void tally_clear(struct tally *t);
void tally_fini(struct tally *t);

struct book {
	struct book_limits limits;
	struct ring leaves, nodes[LEVELS];
	struct leaf *spare;
	struct commands commands;
	struct hours hours;
	struct tally tally;
	uint64_t first, next; /* sequence numbers */
	uint64_t live;
	uint64_t seam; /* one past the newest run that is older than its predecessor; 0 = none held */
	uint64_t successes, attempts;
	wide duration_ns;
	struct book_totals totals;
	wall_ns last_t, last_cleanup;
	size_t bytes; /* leaves and nodes */
};

static inline uint64_t level_span(int level)
{
	return (uint64_t)LEAF_RUNS << (4 * level);
}
static inline struct leaf *book_leaf(const struct book *b, uint64_t seq)
{
	return ring_get(&b->leaves, seq / LEAF_RUNS);
}
void agg_init(struct agg *a);
void agg_add(struct agg *a, const struct meta *m);
void agg_merge(struct agg *a, const struct agg *other);
/* Called when run `next` - 1 completed a leaf: makes its node, and those above that it completes. Failure only costs speed. */
void book_seal(struct book *b);
/* Drops the nodes above a run that is about to go. */
void book_unseal(struct book *b, uint64_t seq);
/* Merges the runs or shares below into the tally. */
int tally_add_run(struct tally *t, const struct meta *m, uint64_t seq);
int tally_add_node(struct tally *t, const struct node *n, uint64_t first);

#endif
