/* The best partition of y[0..n), in units of its noise, into stretches of one mean each: least sum of squared distances from the
 * means plus `penalty` for each border. Exact, by dynamic programming with pruning. */
#ifndef AUSPEX_DETECT_PELT_SEARCH_H
#define AUSPEX_DETECT_PELT_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* begins[i] (n of them, n < 2^32): where the last stretch of the best partition of y[0..i] begins. 0, ERR_CANCELLED (asked every 4096
 * values) or -ENOMEM. Expected O(n) for many steps, O(n log n) for none; at most O(PELT_PIECES n). */
#define PELT_PIECES 512
int pelt_search(const double *y, size_t n, double penalty, uint32_t *begins, bool (*cancelled)(void *arg),
		void *arg);

#endif
