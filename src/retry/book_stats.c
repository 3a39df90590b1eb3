/* Answers over a range of times, from whole nodes where one lies inside and from single runs at the edges. */
#include "book_impl.h"

#include <errno.h>

enum side { OUTSIDE, INSIDE, ACROSS };

struct range {
	wall_ns start, end; /* both exclusive */
};

/* Takes a stretch of the book that lies wholly on one side: a node, or one run (`node` NULL). */
struct visitor {
	int (*take)(void *arg, enum side side, const struct agg *agg, const struct node *node,
		    uint64_t first);
	int (*take_run)(void *arg, const struct meta *m, uint64_t seq);
	enum side want;
	bool need_shares; /* the totals of a stretch are not enough */
	void *arg;
};

static enum side side_of(const struct range *r, wall_ns min_t, wall_ns max_t)
{
	if (max_t <= r->start || min_t >= r->end)
		return OUTSIDE;
	return min_t > r->start && max_t < r->end ? INSIDE : ACROSS;
}

/* The largest node that starts at `at` and lies on one side; *span tells how far it reaches. */
static const struct node *whole_node(const struct book *b, const struct range *r, uint64_t at,
				     enum side *side, uint64_t *span)
{
	for (int level = LEVELS; level > 0; level--) {
		*span = level_span(level);
		const struct node *n = at % *span ? NULL : ring_get(&b->nodes[level - 1], at / *span);
		if (!n)
			continue;
		*side = side_of(r, n->agg.min_t, n->agg.max_t);
		if (*side != ACROSS)
			return n;
	}
	return NULL;
}

static int visit_leaf(const struct leaf *leaf, const struct range *r, const struct visitor *v)
{
	enum side side = side_of(r, leaf->agg.min_t, leaf->agg.max_t);
	int rc = 0;

	if (side != ACROSS && side != v->want)
		return 0;
	if (side != ACROSS && leaf->live == leaf->n && (leaf->node || !v->need_shares))
		return v->take(v->arg, side, &leaf->agg, leaf->node, leaf->first);
	for (uint32_t i = 0; rc == 0 && i < leaf->n; i++) {
		const struct meta *m = &leaf->meta[i];
		if (!m->dead && side_of(r, m->t, m->t) == v->want)
			rc = v->take_run(v->arg, m, leaf->first + i);
	}
	return rc;
}

static int walk(const struct book *b, const struct range *r, const struct visitor *v)
{
	int rc = 0;
	uint64_t at = b->first - b->first % LEAF_RUNS;

	while (rc == 0 && at < b->next) {
		enum side side;
		uint64_t span;
		const struct node *n = whole_node(b, r, at, &side, &span);
		if (n) {
			if (side == v->want)
				rc = v->take(v->arg, side, &n->agg, n, at);
			at += span;
			continue;
		}
		const struct leaf *leaf = book_leaf(b, at);
		if (leaf)
			rc = visit_leaf(leaf, r, v);
		at += LEAF_RUNS;
	}
	return rc;
}

static int sum_agg(void *arg, enum side side, const struct agg *agg, const struct node *node, uint64_t first)
{
	(void)side;
	(void)node;
	(void)first;
	agg_merge(arg, agg);
	return 0;
}

static int sum_run(void *arg, const struct meta *m, uint64_t seq)
{
	(void)seq;
	agg_add(arg, m);
	return 0;
}

static struct agg range_sums(const struct book *b, const struct range *r)
{
	struct agg sums;
	const struct visitor v = { sum_agg, sum_run, INSIDE, false, &sums };
	agg_init(&sums);
	walk(b, r, &v);
	return sums;
}

static int tally_node_cb(void *arg, enum side side, const struct agg *agg, const struct node *node,
			 uint64_t first)
{
	(void)side;
	(void)agg;
	return tally_add_node(arg, node, first);
}

static int tally_run_cb(void *arg, const struct meta *m, uint64_t seq)
{
	return tally_add_run(arg, m, seq);
}

static int64_t average(wide sum, uint64_t n)
{
	wide avg = n ? sum / (wide)n : 0;
	return avg > INT64_MAX ? INT64_MAX : (int64_t)avg;
}

/* --- top commands
 * ---------------------------------------------------------------------------------------------- */

struct candidate {
	uint32_t cmd;
	uint64_t count, successes, last;
	wide duration_ns;
};

/* More runs first; then the one that ran last. No two share their last run. */
static bool ranks_before(const struct candidate *a, const struct candidate *b)
{
	return a->count != b->count ? a->count > b->count : a->last > b->last;
}

struct top {
	struct candidate list[BOOK_TOP];
	uint32_t n;
};

static void top_offer(struct top *top, const struct candidate *c)
{
	uint32_t i = top->n;
	if (i == BOOK_TOP) {
		if (!ranks_before(c, &top->list[BOOK_TOP - 1]))
			return;
		i--;
	} else {
		top->n++;
	}
	for (; i > 0 && ranks_before(c, &top->list[i - 1]); i--)
		top->list[i] = top->list[i - 1];
	top->list[i] = *c;
}

/* The newest run of a command inside the range, from its newest at all. */
static uint64_t last_inside(const struct book *b, const struct range *r, uint64_t seq)
{
	for (;;) {
		const struct leaf *leaf = seq >= b->first ? book_leaf(b, seq) : NULL;
		const struct meta *m = leaf ? &leaf->meta[seq - leaf->first] : NULL;
		if (!m || (!m->dead && side_of(r, m->t, m->t) == INSIDE))
			return seq;
		if (m->prev == 0 || m->prev > seq)
			return 0;
		seq -= m->prev;
	}
}

/* All commands of the book, less what the tally found outside the range. */
static void top_of_book(const struct book *b, const struct range *r, struct top *top)
{
	const struct commands *c = &b->commands;
	for (uint32_t id = c->n; id-- > 0;) { /* the youngest first: later ones then seldom rank before */
		uint64_t least = top->n == BOOK_TOP ? top->list[BOOK_TOP - 1].count : 1;
		if (c->count[id] < least || c->count[id] == 0)
			continue;
		const struct tally_row *out = id < b->tally.slots && b->tally.slot_of[id]
						      ? &b->tally.rows[b->tally.slot_of[id] - 1]
						      : NULL;
		struct candidate cand = { id, c->count[id] - (out ? out->count : 0), 0, c->last[id], 0 };
		if (cand.count < least)
			continue;
		if (out)
			cand.last = last_inside(b, r, cand.last);
		if (top->n == BOOK_TOP && !ranks_before(&cand, &top->list[BOOK_TOP - 1]))
			continue;
		cand.successes = c->rest[id].successes - (out ? out->successes : 0);
		cand.duration_ns = c->rest[id].duration_ns - (out ? out->duration_ns : 0);
		top_offer(top, &cand);
	}
}

static void top_of_tally(const struct tally *t, struct top *top)
{
	for (uint32_t i = t->n; i-- > 0;) {
		const struct tally_row *r = &t->rows[i];
		struct candidate cand = { r->cmd, r->count, r->successes, r->last, r->duration_ns };
		top_offer(top, &cand);
	}
}

static int range_top(struct book *b, const struct range *r, uint64_t inside, struct top *top)
{
	bool by_outside = b->live - inside <= inside;
	const struct visitor v = { tally_node_cb, tally_run_cb, by_outside ? OUTSIDE : INSIDE, true,
				   &b->tally };
	int rc = tally_reserve(&b->tally, b->commands.n);

	if (rc == 0 && !(by_outside && inside == b->live))
		rc = walk(b, r, &v);
	if (rc == 0 && by_outside)
		top_of_book(b, r, top);
	else if (rc == 0)
		top_of_tally(&b->tally, top);
	tally_clear(&b->tally);
	return rc;
}

static void write_top(const struct book *b, const struct top *top, struct book_stats *out)
{
	out->n_top = top->n;
	for (uint32_t i = 0; i < top->n; i++) {
		const struct candidate *c = &top->list[i];
		const struct command_rest *rest = &b->commands.rest[c->cmd];
		out->top[i] = (struct book_command){ .command = { rest->text, rest->len },
						     .count = c->count,
						     .successes = c->successes,
						     .avg_duration_ns = average(c->duration_ns, c->count),
						     .last_seq = c->last };
	}
}

/* --- hours
 * ----------------------------------------------------------------------------------------------------- */

/* Whole hours come from the list; the one or two that the range cuts are counted. */
static int range_hours(const struct book *b, const struct range *r, struct arena *arena,
		       struct book_stats *out)
{
	out->n_hours = 0;
	out->hours = arena_alloc(arena, (b->hours.n + 1) * sizeof(*out->hours));
	if (!out->hours)
		return -ENOMEM;
	for (uint32_t i = 0; i < b->hours.n; i++) {
		struct book_hour h = b->hours.list[i];
		wall_ns last = h.hour > INT64_MAX - NS_PER_HOUR ? INT64_MAX : h.hour + NS_PER_HOUR - 1;
		enum side side = side_of(r, h.hour, last);
		if (side == OUTSIDE)
			continue;
		if (side == ACROSS) {
			struct range cut = { r->start > h.hour - 1 ? r->start : h.hour - 1,
					     r->end < last + 1 ? r->end : last + 1 };
			struct agg sums = range_sums(b, &cut);
			h.runs = sums.runs;
			h.successes = sums.successes;
		}
		if (h.runs)
			out->hours[out->n_hours++] = h;
	}
	return 0;
}

int book_stats(struct book *b, wall_ns now, wall_ns start, wall_ns end, struct arena *arena,
	       struct book_stats *out)
{
	const struct range r = { start, end };
	struct top top = { .n = 0 };

	book_expire(b, now);
	struct agg sums = range_sums(b, &r);
	out->runs = sums.runs;
	out->successes = sums.successes;
	out->attempts = sums.attempts;
	out->avg_duration_ns = average(sums.duration_ns, sums.runs);
	int rc = range_top(b, &r, sums.runs, &top);
	if (rc == 0)
		rc = range_hours(b, &r, arena, out);
	write_top(b, &top, out);
	return rc;
}
