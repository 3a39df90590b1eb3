/* Aggregates over stretches of the run book, and sums per command. */
#include "book_impl.h"

#include <errno.h>
#include <stdlib.h>

#define TALLY_KEEP 4096u /* rows kept for the next time; more is given back */

void agg_init(struct agg *a)
{
	*a = (struct agg){ .min_t = INT64_MAX, .max_t = INT64_MIN };
}

void agg_add(struct agg *a, const struct meta *m)
{
	a->min_t = m->t < a->min_t ? m->t : a->min_t;
	a->max_t = m->t > a->max_t ? m->t : a->max_t;
	a->duration_ns += m->duration_ns;
	a->attempts += m->attempts;
	a->runs++;
	a->successes += m->success;
}

void agg_merge(struct agg *a, const struct agg *o)
{
	a->min_t = o->min_t < a->min_t ? o->min_t : a->min_t;
	a->max_t = o->max_t > a->max_t ? o->max_t : a->max_t;
	a->duration_ns += o->duration_ns;
	a->attempts += o->attempts;
	a->runs += o->runs;
	a->successes += o->successes;
}

int tally_reserve(struct tally *t, uint32_t commands)
{
	if (commands <= t->slots)
		return 0;
	uint32_t want = commands + commands / 2 + 64;
	uint32_t *slots = realloc(t->slot_of, want * sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	memset(slots + t->slots, 0, (want - t->slots) * sizeof(*slots));
	t->slot_of = slots;
	t->slots = want;
	return 0;
}

struct tally_row *tally_row(struct tally *t, uint32_t cmd)
{
	if (t->slot_of[cmd])
		return &t->rows[t->slot_of[cmd] - 1];
	if (t->n == t->cap) {
		uint32_t cap = t->cap ? 2 * t->cap : 128;
		struct tally_row *rows = realloc(t->rows, cap * sizeof(*rows));
		if (!rows)
			return NULL;
		t->rows = rows;
		t->cap = cap;
	}
	t->rows[t->n] = (struct tally_row){ .cmd = cmd };
	t->slot_of[cmd] = ++t->n;
	return &t->rows[t->n - 1];
}

void tally_clear(struct tally *t)
{
	for (uint32_t i = 0; i < t->n; i++)
		t->slot_of[t->rows[i].cmd] = 0;
	t->n = 0;
	if (t->cap > TALLY_KEEP) {
		free(t->rows);
		t->rows = NULL;
		t->cap = 0;
	}
}

void tally_fini(struct tally *t)
{
	free(t->rows);
	free(t->slot_of);
}

int tally_add_run(struct tally *t, const struct meta *m, uint64_t seq)
{
	struct tally_row *r = tally_row(t, m->cmd);
	if (!r)
		return -ENOMEM;
	r->duration_ns += m->duration_ns;
	r->count++;
	r->successes += m->success;
	r->last = seq > r->last ? seq : r->last;
	return 0;
}

int tally_add_node(struct tally *t, const struct node *n, uint64_t first)
{
	for (uint32_t i = 0; i < n->n; i++) {
		const struct share *s = &n->shares[i];
		struct tally_row *r = tally_row(t, s->cmd);
		if (!r)
			return -ENOMEM;
		r->duration_ns += s->duration_ns;
		r->count += s->count;
		r->successes += s->successes;
		r->last = first + s->last > r->last ? first + s->last : r->last;
	}
	return 0;
}

static struct node *node_of_tally(struct book *b, const struct agg *agg, uint64_t first)
{
	const struct tally *t = &b->tally;
	size_t size = sizeof(struct node) + t->n * sizeof(struct share);
	struct node *n = malloc(size);
	if (!n)
		return NULL;
	b->bytes += size;
	n->agg = *agg;
	n->n = t->n;
	for (uint32_t i = 0; i < t->n; i++) {
		const struct tally_row *r = &t->rows[i];
		n->shares[i] = (struct share){ .duration_ns = r->duration_ns,
					       .cmd = r->cmd,
					       .count = (uint32_t)r->count,
					       .successes = (uint32_t)r->successes,
					       .last = (uint32_t)(r->last - first) };
	}
	return n;
}

static void node_free(struct book *b, struct node *n)
{
	if (n)
		b->bytes -= sizeof(*n) + n->n * sizeof(struct share);
	free(n);
}

static struct node *leaf_node(struct book *b, const struct leaf *leaf)
{
	struct node *made = NULL;
	bool ok = leaf->live == leaf->n && tally_reserve(&b->tally, b->commands.n) == 0;
	for (uint32_t i = 0; ok && i < leaf->n; i++)
		ok = tally_add_run(&b->tally, &leaf->meta[i], leaf->first + i) == 0;
	if (ok)
		made = node_of_tally(b, &leaf->agg, leaf->first);
	tally_clear(&b->tally);
	return made;
}

static const struct node *child_node(const struct book *b, int level, uint64_t first)
{
	if (level > 0)
		return ring_get(&b->nodes[level - 1], first / level_span(level));
	const struct leaf *leaf = book_leaf(b, first);
	return leaf ? leaf->node : NULL;
}

/* NULL when something below is missing: readers then go down themselves. */
static struct node *join_children(struct book *b, int level, uint64_t first)
{
	struct node *made = NULL;
	struct agg agg;
	bool ok = tally_reserve(&b->tally, b->commands.n) == 0;

	agg_init(&agg);
	for (uint32_t i = 0; ok && i < FAN_OUT; i++) {
		uint64_t at = first + i * level_span(level - 1);
		const struct node *child = child_node(b, level - 1, at);
		ok = child && tally_add_node(&b->tally, child, at) == 0;
		if (ok)
			agg_merge(&agg, &child->agg);
	}
	if (ok)
		made = node_of_tally(b, &agg, first);
	tally_clear(&b->tally);
	return made;
}

void book_seal(struct book *b)
{
	struct leaf *leaf = book_leaf(b, b->next - 1);
	if (leaf)
		leaf->node = leaf_node(b, leaf);
	for (int level = 1; level <= LEVELS && b->next % level_span(level) == 0; level++) {
		struct ring *r = &b->nodes[level - 1];
		uint64_t index = b->next / level_span(level) - 1;
		struct node *made = join_children(b, level, b->next - level_span(level));
		if (r->n == 0)
			r->first = index;
		while (r->first + r->n < index && ring_push(r, NULL) == 0)
			;
		if (r->first + r->n != index || ring_push(r, made) < 0)
			node_free(b, made);
	}
}

void book_unseal(struct book *b, uint64_t seq)
{
	struct leaf *leaf = book_leaf(b, seq);
	if (leaf && leaf->node) {
		node_free(b, leaf->node);
		leaf->node = NULL;
	}
	for (int level = 1; level <= LEVELS; level++) {
		struct ring *r = &b->nodes[level - 1];
		uint64_t index = seq / level_span(level);
		node_free(b, ring_get(r, index));
		ring_set(r, index, NULL);
		while (r->n && !ring_get(r, r->first) && (r->first + 1) * level_span(level) <= b->next &&
		       r->first <= b->first / level_span(level))
			ring_pop(r);
	}
}
