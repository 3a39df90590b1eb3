/* The cost of all partitions of y[0..t] whose last mean is m is, as a function of m, a chain of pieces n (m - mean)^2 + rest, one per
 * place where the last stretch may begin. Each value first opens one more place at cost F + penalty, wherever that is less than the
 * pieces, then is added to all of them. A place whose piece is covered is pruned for good (Maidstone, Hocking, Rigaill, Fearnhead
 * 2017). The partition is that of PELT (Killick, Fearnhead, Eckley 2012), whose bound prunes nothing as long as nothing changes. */
#include "pelt_search.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CHAIN_MOST (3 * PELT_PIECES + 1) /* each piece may become three, after PELT_PIECES none does */

/* Between `low` and `high`: n (m - mean)^2 + rest. n = 0: constant. */
struct pelt_piece {
	double low, high, n, mean, rest;
	uint32_t begin;
};

/* Neighbours that begin at the same place with nothing in them are one piece. */
static void put(struct pelt_chain *c, struct pelt_piece p)
{
	struct pelt_piece *last = c->n ? &c->pieces[c->n - 1] : NULL;
	if (!(p.low < p.high))
		return;
	if (last && last->n == 0 && p.n == 0)
		last->high = p.high;
	else
		c->pieces[c->n++] = p;
}

/* The lower of the chain and of `level`, a stretch that begins at `begin`. */
static void lower(const struct pelt_chain *from, double level, uint32_t begin, struct pelt_chain *to)
{
	to->n = 0;
	for (size_t i = 0; i < from->n; i++) {
		struct pelt_piece p = from->pieces[i];
		struct pelt_piece fresh = { p.low, p.high, 0, 0, level, begin };
		double below = (level - p.rest) / p.n;
		double reach = below > 0 ? sqrt(below) : -1;
		double low = fmax(p.low, p.mean - reach), high = fmin(p.high, p.mean + reach);
		if (reach < 0 || !(low < high)) {
			put(to, fresh);
			continue;
		}
		fresh.high = low;
		put(to, fresh);
		p.low = low;
		fresh.low = high;
		fresh.high = p.high;
		p.high = high;
		put(to, p);
		put(to, fresh);
	}
}

/* Adds a value to all pieces. Returns the least cost; *begin is the place it belongs to. */
static double add(struct pelt_chain *c, double y, uint32_t *begin)
{
	double least = INFINITY;
	for (size_t i = 0; i < c->n; i++) {
		struct pelt_piece *p = &c->pieces[i];
		double apart = y - p->mean;
		p->rest += apart * apart * (p->n / (p->n + 1));
		p->n += 1;
		p->mean += apart / p->n;
		double off = p->mean < p->low ? p->low - p->mean : p->mean > p->high ? p->mean - p->high : 0;
		double cost = p->rest + p->n * off * off;
		if (cost < least) {
			least = cost;
			*begin = p->begin;
		}
	}
	return least;
}

/* Makes `to` of the chain and the next value. Returns the least cost. */
static double step(const struct pelt_search *s, double y, struct pelt_chain *to, uint32_t *begin)
{
	to->n = 0;
	if (s->n == 0) {
		to->pieces[to->n++] = (struct pelt_piece){ -INFINITY, INFINITY, 0, 0, 0, 0 };
	} else if (s->now.n <= PELT_PIECES) {
		lower(&s->now, s->least + s->penalty, (uint32_t)s->n, to);
	} else { /* no stretch begins here */
		memcpy(to->pieces, s->now.pieces, s->now.n * sizeof(*to->pieces));
		to->n = s->now.n;
	}
	return add(to, y, begin);
}

int pelt_search_init(struct pelt_search *s, double penalty)
{
	*s = (struct pelt_search){ 0 };
	s->memory = malloc(2 * CHAIN_MOST * sizeof(*s->memory));
	s->now.pieces = s->memory;
	s->next.pieces = s->memory ? s->memory + CHAIN_MOST : NULL;
	pelt_search_restart(s, penalty);
	return s->memory ? 0 : -ENOMEM;
}

void pelt_search_restart(struct pelt_search *s, double penalty)
{
	s->penalty = penalty;
	s->least = 0;
	s->n = s->now.n = 0;
}

void pelt_search_fini(struct pelt_search *s)
{
	free(s->memory);
	*s = (struct pelt_search){ 0 };
}

uint32_t pelt_search_add(struct pelt_search *s, double y)
{
	uint32_t begin = 0;
	s->least = step(s, y, &s->next, &begin);
	struct pelt_chain swap = s->now;
	s->now = s->next;
	s->next = swap;
	s->n++;
	return begin;
}

uint32_t pelt_search_try(struct pelt_search *s, double y)
{
	uint32_t begin = 0;
	step(s, y, &s->next, &begin);
	return begin;
}
