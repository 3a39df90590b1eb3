/* The best partition of y[0..n), in units of its noise, into stretches of one mean each: least sum of squared distances from the
 * means plus a penalty for each border. Exact, by dynamic programming with pruning; value by value.
 *
 *     struct pelt_search s;
 *     if (pelt_search_init(&s, penalty) == 0)
 *         for (size_t t = 0; t < n; t++)
 *             begins[t] = pelt_search_add(&s, y[t]);      // where the last stretch of the best partition of y[0..t] begins
 *     pelt_search_fini(&s);
 */
#ifndef AUSPEX_DETECT_PELT_SEARCH_H
#define AUSPEX_DETECT_PELT_SEARCH_H

#include <stddef.h>
#include <stdint.h>

/* A value costs the pieces that are left: expected O(1) where there are many steps, O(log n) where there are none, at most PELT_PIECES. */
#define PELT_PIECES 512

struct pelt_piece;
struct pelt_chain {
	struct pelt_piece *pieces;
	size_t n;
};
struct pelt_search {
	double penalty, least; /* least: cost of all values so far */
	size_t n;              /* values so far, fewer than 2^32 */
	struct pelt_chain now, next;
	struct pelt_piece *memory;
};

/* 0 or -ENOMEM. */
int pelt_search_init(struct pelt_search *s, double penalty);
/* Forgets all values. */
void pelt_search_restart(struct pelt_search *s, double penalty);
void pelt_search_fini(struct pelt_search *s);
/* Takes the next value. */
uint32_t pelt_search_add(struct pelt_search *s, double y);
/* What pelt_search_add would return; nothing is taken. */
uint32_t pelt_search_try(struct pelt_search *s, double y);

#endif
