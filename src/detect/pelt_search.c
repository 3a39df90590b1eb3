/* The cost of all partitions of y[0..t] whose last mean is m is, as a function of m, a chain of pieces n (m - mean)^2 + rest, one per
 * place where the last stretch may begin. Each value first opens one more place at cost F + penalty, wherever that is less than the
 * pieces, then is added to all of them. A place whose piece is covered is pruned for good (Maidstone, Hocking, Rigaill, Fearnhead
 * 2017). The partition is that of PELT (Killick, Fearnhead, Eckley 2012), whose bound prunes nothing as long as nothing changes. */
#include "pelt_search.h"

#include "base/err.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define ASK_EVERY 4096u

/* Between `low` and `high`: n (m - mean)^2 + rest. n = 0: constant. */
struct piece {
	double low, high, n, mean, rest;
	uint32_t begin;
};

struct chain {
	struct piece *pieces;
	size_t n;
};

/* Neighbours that begin at the same place with nothing in them are one piece. */
static void put(struct chain *c, struct piece p)
{
	struct piece *last = c->n ? &c->pieces[c->n - 1] : NULL;
	if (!(p.low < p.high))
		return;
	if (last && last->n == 0 && p.n == 0)
		last->high = p.high;
	else
		c->pieces[c->n++] = p;
}

/* The lower of the chain and of `level`, a stretch that begins at `begin`. */
static void lower(const struct chain *from, double level, uint32_t begin, struct chain *to)
{
	to->n = 0;
	for (size_t i = 0; i < from->n; i++) {
		struct piece p = from->pieces[i];
		struct piece fresh = { p.low, p.high, 0, 0, level, begin };
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
static double add(struct chain *c, double y, uint32_t *begin)
{
	double least = INFINITY;
	for (size_t i = 0; i < c->n; i++) {
		struct piece *p = &c->pieces[i];
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

static void bounds_of(const double *y, size_t n, struct piece *all)
{
	double low = y[0], high = y[0];
	for (size_t i = 1; i < n; i++) {
		low = fmin(low, y[i]);
		high = fmax(high, y[i]);
	}
	*all = (struct piece){ low - 1, high + 1, 0, 0, 0, 0 };
}

int pelt_search(const double *y, size_t n, double penalty, uint32_t *begins, bool (*cancelled)(void *arg),
		void *arg)
{
	struct piece *memory = malloc(2 * (3 * PELT_PIECES + 1) * sizeof(*memory));
	if (!memory)
		return -ENOMEM;
	struct chain now = { memory, 0 }, next = { memory + 3 * PELT_PIECES + 1, 0 };
	double least = 0;
	int rc = 0;
	for (size_t t = 0; t < n && rc == 0; t++) {
		if (t == 0) {
			bounds_of(y, n, &now.pieces[0]);
			now.n = 1;
		} else if (now.n <= PELT_PIECES) { /* else: no stretch begins here */
			lower(&now, least + penalty, (uint32_t)t, &next);
			struct chain swap = now;
			now = next;
			next = swap;
		}
		least = add(&now, y[t], &begins[t]);
		if (t % ASK_EVERY == 0 && cancelled && cancelled(arg))
			rc = ERR_CANCELLED;
	}
	free(memory);
	return rc;
}
