#include "book_impl.h"

#include "base/num.h"
#include "run_pack.h"

#include <errno.h>
#include <stdlib.h>

/* Runs of ordinary size fit a KiB each; a flood of huge ones may not take more than that, or this. */
#define BYTES_PER_RUN    1024
#define BYTES_FLOOR      (256u << 20)
#define SPARE_BODIES_MAX (64u << 10)

struct book *book_new(const struct book_limits *limits)
{
	struct book *b = calloc(1, sizeof(*b));
	if (!b)
		return NULL;
	b->limits = *limits;
	map_init(&b->commands.ids);
	return b;
}

static void leaf_free(struct book *b, struct leaf *leaf)
{
	b->bytes -= sizeof(*leaf) + leaf->cap;
	free(leaf->bodies);
	free(leaf);
}

void book_free(struct book *b)
{
	if (!b)
		return;
	for (int i = 0; i < LEVELS; i++) {
		while (b->nodes[i].n)
			free(ring_pop(&b->nodes[i]));
		free(b->nodes[i].items);
	}
	while (b->leaves.n) {
		struct leaf *leaf = ring_pop(&b->leaves);
		if (!leaf)
			continue;
		free(leaf->node);
		leaf_free(b, leaf);
	}
	if (b->spare)
		leaf_free(b, b->spare);
	free(b->leaves.items);
	commands_fini(&b->commands);
	tally_fini(&b->tally);
	free(b->hours.list);
	free(b);
}

static struct leaf *leaf_new(struct book *b)
{
	struct leaf *leaf = b->spare;
	if (!leaf) {
		leaf = malloc(sizeof(*leaf));
		if (!leaf)
			return NULL;
		leaf->bodies = NULL;
		leaf->cap = 0;
		b->bytes += sizeof(*leaf);
	}
	b->spare = NULL;
	leaf->first = b->next;
	leaf->n = leaf->live = leaf->used = 0;
	leaf->node = NULL;
	agg_init(&leaf->agg);
	return leaf;
}

/* The leaf that takes the next run. */
static struct leaf *open_leaf(struct book *b)
{
	if (b->next % LEAF_RUNS)
		return book_leaf(b, b->next);
	struct leaf *leaf = leaf_new(b);
	if (!leaf)
		return NULL;
	if (b->leaves.n == 0)
		b->leaves.first = b->next / LEAF_RUNS;
	if (ring_push(&b->leaves, leaf) < 0) {
		leaf_free(b, leaf);
		return NULL;
	}
	return leaf;
}

static int leaf_reserve(struct book *b, struct leaf *leaf, size_t extra)
{
	size_t need = leaf->used + extra;
	if (need <= leaf->cap)
		return 0;
	if (need > UINT32_MAX)
		return ERR_FULL;
	size_t cap = leaf->cap ? leaf->cap + leaf->cap / 2 : 4096;
	cap = cap < need ? need : cap > UINT32_MAX ? UINT32_MAX : cap;
	unsigned char *bodies = realloc(leaf->bodies, cap);
	if (!bodies)
		return -ENOMEM;
	b->bytes += cap - leaf->cap;
	leaf->bodies = bodies;
	leaf->cap = (uint32_t)cap;
	return 0;
}

/* The run leaves all sums; its leaf and the nodes above are the caller's. */
static void forget(struct book *b, uint64_t seq, struct leaf *leaf)
{
	struct meta *m = &leaf->meta[seq - leaf->first];
	struct commands *c = &b->commands;
	struct command_rest *rest = &c->rest[m->cmd];

	book_unseal(b, seq);
	m->dead = 1;
	leaf->live--;
	b->live--;
	b->successes -= m->success;
	b->attempts -= m->attempts;
	b->duration_ns -= m->duration_ns;
	hours_remove(&b->hours, m->t, m->success);
	rest->successes -= m->success;
	rest->duration_ns -= m->duration_ns;
	if (--c->count[m->cmd] == 0)
		commands_release(c, m->cmd);
}

/* A leaf without live runs gives its memory back, unless it is still being filled. */
static void drop_leaf(struct book *b, struct leaf *leaf)
{
	if (leaf->live || leaf->n < LEAF_RUNS)
		return;
	ring_set(&b->leaves, leaf->first / LEAF_RUNS, NULL);
	if (!b->spare && leaf->cap <= SPARE_BODIES_MAX)
		b->spare = leaf;
	else
		leaf_free(b, leaf);
}

/* Moves `first` to the oldest live run and lets go of what lies before. */
static void settle_front(struct book *b)
{
	while (b->first < b->next) {
		struct leaf *leaf = book_leaf(b, b->first);
		if (!leaf)
			b->first = (b->first / LEAF_RUNS + 1) * LEAF_RUNS;
		else if (leaf->meta[b->first - leaf->first].dead)
			b->first++;
		else
			break;
	}
	while (b->leaves.n && !ring_get(&b->leaves, b->leaves.first))
		ring_pop(&b->leaves);
	if (b->first >= b->seam)
		b->seam = 0;
}

static void evict_front(struct book *b)
{
	struct leaf *leaf = book_leaf(b, b->first);
	forget(b, b->first, leaf);
	drop_leaf(b, leaf);
	b->first++;
	settle_front(b);
}

static void enforce_bounds(struct book *b)
{
	size_t per_run = (size_t)b->limits.max_runs * BYTES_PER_RUN;
	size_t most = per_run > BYTES_FLOOR ? per_run : BYTES_FLOOR;
	while (b->live > (uint64_t)b->limits.max_runs || (b->live > 1 && book_bytes(b) > most))
		evict_front(b);
}

static void fill_meta(struct book *b, struct meta *m, const struct run *run, uint32_t cmd)
{
	struct commands *c = &b->commands;
	uint64_t gap = c->count[cmd] ? b->next - c->last[cmd] : 0;

	*m = (struct meta){ .t = run->stored_at,
			    .duration_ns = sat_seconds_to_ns(run->total_duration_s),
			    .cmd = cmd,
			    .prev = gap > UINT32_MAX ? 0 : (uint32_t)gap,
			    .attempts = run->n_attempts,
			    .success = run_succeeded(run) };
	c->count[cmd]++;
	c->last[cmd] = b->next;
	c->rest[cmd].successes += m->success;
	c->rest[cmd].duration_ns += m->duration_ns;
}

static void count_in(struct book *b, struct leaf *leaf, const struct meta *m)
{
	agg_add(&leaf->agg, m);
	leaf->n++;
	leaf->live++;
	if (b->live && m->t < b->last_t)
		b->seam = b->next + 1;
	b->last_t = m->t;
	b->live++;
	b->successes += m->success;
	b->attempts += m->attempts;
	b->duration_ns += m->duration_ns;
	b->next++;
}

static int keep(struct book *b, const struct run *run)
{
	struct leaf *leaf = open_leaf(b);
	if (!leaf)
		return -ENOMEM;
	int rc = leaf_reserve(b, leaf, run_pack_bound(run));
	if (rc < 0)
		return rc;
	uint32_t cmd = commands_intern(&b->commands, run->command, run->command_hint);
	if (cmd == COMMAND_NONE)
		return -ENOMEM;
	struct meta *m = &leaf->meta[leaf->n];
	if (hours_add(&b->hours, run->stored_at, run_succeeded(run)) < 0) {
		if (b->commands.count[cmd] == 0)
			commands_release(&b->commands, cmd);
		return -ENOMEM;
	}
	fill_meta(b, m, run, cmd);
	b->commands.rest[cmd].checked |= run->command_checked;
	m->body = leaf->used;
	leaf->used += (uint32_t)run_pack(run, leaf->bodies + leaf->used);
	count_in(b, leaf, m);
	if (leaf->n == LEAF_RUNS)
		book_seal(b);
	return 0;
}

static void count_totals(struct book_totals *t, const struct run *run)
{
	t->runs++;
	t->successes += run_succeeded(run);
	t->attempts += run->n_attempts;
	for (uint32_t i = 0; i < run->n_attempts; i++)
		t->failed_attempts += !run->attempts[i].success;
	t->duration_s += run->total_duration_s;
}

int book_add(struct book *b, const struct run *run)
{
	int rc = 0;

	count_totals(&b->totals, run);
	if (b->limits.max_runs > 0 && b->limits.max_age_ns > 0)
		rc = keep(b, run);
	enforce_bounds(b);
	return rc;
}

/* After a backward step of the clock old runs also lie behind younger ones. */
static void expire_scattered(struct book *b, wall_ns cutoff)
{
	for (uint64_t at = b->first - b->first % LEAF_RUNS; at < b->next; at += LEAF_RUNS) {
		struct leaf *leaf = book_leaf(b, at);
		if (!leaf || leaf->agg.min_t > cutoff)
			continue;
		wall_ns oldest = INT64_MAX;
		for (uint32_t i = 0; i < leaf->n; i++) {
			struct meta *m = &leaf->meta[i];
			if (!m->dead && m->t <= cutoff)
				forget(b, leaf->first + i, leaf);
			else if (!m->dead && m->t < oldest)
				oldest = m->t;
		}
		leaf->agg.min_t = oldest;
		drop_leaf(b, leaf);
	}
	settle_front(b);
}

uint64_t book_expire(struct book *b, wall_ns now)
{
	uint64_t before = b->live;
	wall_ns cutoff;

	if (__builtin_sub_overflow(now, b->limits.max_age_ns, &cutoff))
		cutoff = INT64_MIN;
	if (b->limits.max_age_ns <= 0)
		cutoff = INT64_MAX;
	while (b->live && book_leaf(b, b->first)->meta[b->first % LEAF_RUNS].t <= cutoff)
		evict_front(b);
	if (b->seam)
		expire_scattered(b, cutoff);
	b->last_cleanup = now;
	return before - b->live;
}

void book_set_limits(struct book *b, const struct book_limits *limits, wall_ns now)
{
	b->limits = *limits;
	enforce_bounds(b);
	book_expire(b, now);
}

int book_get(const struct book *b, uint64_t seq, struct arena *arena, struct run *run)
{
	const struct leaf *leaf = seq >= b->first && seq < b->next ? book_leaf(b, seq) : NULL;
	const struct meta *m = leaf ? &leaf->meta[seq - leaf->first] : NULL;
	if (!m || m->dead)
		return ERR_MISSING;
	const struct command_rest *c = &b->commands.rest[m->cmd];
	run->stored_at = m->t;
	run->command = (struct view){ c->text, c->len };
	return run_unpack(leaf->bodies + m->body, arena, run);
}

void book_recall(struct book *b, struct run *run)
{
	uint32_t id = commands_find(&b->commands, run->command);
	run->command_hint = id == COMMAND_NONE ? 0 : id + 1;
	run->command_checked = id != COMMAND_NONE && b->commands.rest[id].checked;
}

uint64_t book_seek_newest(const struct book *b, uint64_t n)
{
	uint64_t seq = b->next;
	if (n >= b->live)
		return b->first;
	if (b->live == b->next - b->first)
		return b->next - n;
	while (n > 0 && seq > b->first) {
		const struct leaf *leaf = book_leaf(b, --seq);
		if (!leaf)
			seq -= seq % LEAF_RUNS;
		else if (!leaf->meta[seq - leaf->first].dead)
			n--;
	}
	return seq;
}

uint64_t book_count(const struct book *b)
{
	return b->live;
}

uint64_t book_first_seq(const struct book *b)
{
	return b->first;
}

uint64_t book_next_seq(const struct book *b)
{
	return b->next;
}

size_t book_bytes(const struct book *b)
{
	const struct commands *c = &b->commands;
	size_t per_command = sizeof(*c->count) + sizeof(*c->last) + sizeof(*c->rest);
	return sizeof(*b) + b->bytes + c->bytes + c->cap * per_command + c->ids.cap * (size_t)24 +
	       b->tally.slots * sizeof(uint32_t) + b->tally.cap * sizeof(struct tally_row) +
	       b->hours.cap * sizeof(struct book_hour);
}

wall_ns book_last_cleanup(const struct book *b)
{
	return b->last_cleanup;
}

struct book_totals book_totals(const struct book *b)
{
	return b->totals;
}
