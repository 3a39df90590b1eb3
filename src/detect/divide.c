#include "divide.h"

#include "split.h"

#include <stdlib.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define ROWS  4 /* sums that run side by side */
#define LANES 2 /* cells of a row at once: what every 64-bit machine has */
typedef double lanes __attribute__((vector_size(LANES * sizeof(double)), aligned(sizeof(double)), may_alias));

struct interval {
	size_t from, to;
	size_t place; /* candidate: largest Q; 0: too short for one */
	double q;
};

/* Tables have one row per t (or a), and room on both sides for whole lanes. What is read there is finite and does not count: the first
 * factor of a cell that is none holds -inf. */
struct divider {
	size_t stride;
	enum detect_kappa kappa;
	double *h;       /* [t][c] = sum of |x[t] - x[j]|, t < j <= c; -inf where c <= t */
	double *h_down;  /* [t][c] = h[c-1][c] + ... + h[t][c] */
	double *v;       /* [t] = sum of |x[i] - x[t]|, i < t */
	double *left;    /* [a][b] = 2 b / (N (a - 1)), 0 where a = 1 */
	double *right;   /* [a][b] = 2 a / (N (b - 1)), 0 where b = 1 */
	size_t weighted; /* left and right are there for N up to this */
	double *weight;  /* [N] = 2 / N */
	double *h_up;    /* [c] = h[from][c] + ... + h[t-1][c] of the interval and row at work */
	double *v_inside;
	double *best; /* LANES for each row */
	struct interval *intervals;
	size_t *places;
};

static void lay_out(struct divider *d, double *room, size_t window)
{
	size_t square = window * d->stride;
	d->h = room;
	d->h_down = d->h + square;
	d->left = d->h_down + square;
	d->right = d->left + square;
	d->v = d->right + square;
	d->h_up = d->v + d->stride;
	d->v_inside = d->h_up + d->stride;
	d->best = d->v_inside + d->stride;
	d->weight = d->best + LANES * d->stride;
	for (size_t i = 1; i < d->stride; i++)
		d->weight[i] = 2 / (double)i;
}

struct divider *divider_new(size_t window, enum detect_kappa kappa)
{
	size_t stride = (window / LANES + 2) * LANES;
	struct divider *d = calloc(1, sizeof(*d));
	double *room = calloc((4 * window + LANES + 4) * stride, sizeof(*room));
	struct interval *intervals = malloc(window * sizeof(*intervals));
	size_t *places = malloc(window * sizeof(*places));
	if (!d || !room || !intervals || !places) {
		free(d);
		free(room);
		free(intervals);
		free(places);
		return NULL;
	}
	*d = (struct divider){ .stride = stride, .kappa = kappa, .intervals = intervals, .places = places };
	lay_out(d, room, window);
	return d;
}

void divider_free(struct divider *d)
{
	if (!d)
		return;
	free(d->h);
	free(d->intervals);
	free(d->places);
	free(d);
}

/* Divisions are dear: each is made once. */
static void make_weights(struct divider *d, size_t n)
{
	for (size_t all = d->weighted + 1; all <= n; all++)
		for (size_t a = 2; a < all; a++) {
			size_t b = all - a;
			d->left[a * d->stride + b] = d->right[b * d->stride + a] =
				(double)(2 * b) / (double)(all * (a - 1));
		}
	d->weighted = n > d->weighted ? n : d->weighted;
}

/* --- sums of a window --------------------------------------------------------------------------------------------------- */

/* Rows t..t+3: four sums run side by side, each in its order. */
static void sum_rows(struct divider *d, const double *restrict x, size_t t, size_t n)
{
	double *restrict h = d->h + t * d->stride, *restrict v = d->v;
	double sum[ROWS] = { 0 };
	for (size_t l = 0; l < ROWS && t + l + 1 < n; l++)
		for (size_t c = (t + l + 1) / LANES * LANES; c <= t + l; c++)
			h[l * d->stride + c] = -HUGE_VAL;
	for (size_t c = t + 1; c < n && c < t + ROWS; c++)
		for (size_t l = 0; l < c - t; l++) {
			double apart = fabs(x[t + l] - x[c]);
			v[c] += apart;
			h[l * d->stride + c] = sum[l] += apart;
		}
	for (size_t c = t + ROWS; c < n; c++) {
		double seen = v[c];
		for (size_t l = 0; l < ROWS; l++) {
			double apart = fabs(x[t + l] - x[c]);
			seen += apart;
			h[l * d->stride + c] = sum[l] += apart;
		}
		v[c] = seen;
	}
}

static void make_sums(struct divider *d, const double *x, size_t n)
{
	memset(d->v, 0, n * sizeof(*d->v));
	for (size_t t = 0; t + 1 < n; t += ROWS)
		sum_rows(d, x, t, n);
	d->h_down[(n - 1) * d->stride + n - 1] = 0;
	for (size_t t = n - 1; t-- > 0;) {
		const double *restrict h = d->h + t * d->stride, *restrict below =
									 d->h_down + (t + 1) * d->stride;
		double *restrict down = d->h_down + t * d->stride;
		down[t] = 0;
		for (size_t c = t + 1; c < n; c++)
			down[c] = below[c] + h[c];
	}
}

/* V of an interval that begins at `from`: what lies before it does not count. */
static void make_inside(struct divider *d, const double *restrict x, size_t from, size_t to)
{
	double *restrict v = d->v_inside;
	memset(v + from, 0, (to - from) * sizeof(*v));
	for (size_t i = 0; i < from; i++)
		for (size_t t = from; t < to; t++)
			v[t] += fabs(x[i] - x[t]);
	for (size_t t = from; t < to; t++)
		v[t] = d->v[t] - v[t];
}

/* --- Q ------------------------------------------------------------------------------------------------------------------ */

static inline lanes load(const double *p)
{
	return *(const lanes *)p;
}

/* The larger of each; b where one is no number. */
static inline lanes larger(lanes a, lanes b)
{
#ifdef __SSE2__
	return (lanes)_mm_max_pd((__m128d)a, (__m128d)b);
#else
	return (lanes){ a[0] > b[0] ? a[0] : b[0], a[1] > b[1] ? a[1] : b[1] };
#endif
}

/* The largest Q of row t over all k of (t, to], for odd and even k. Lanes stand on a grid of columns, so that each is read as it was
 * written: anything else costs more than the arithmetic. */
static void make_row(const struct divider *d, size_t from, size_t t, size_t to, double v_inside)
{
	size_t a = t - from, first = t / LANES * LANES;
	const double *h = d->h + (t - 1) * d->stride, *down = d->h_down + t * d->stride;
	const double *left = d->left + a * d->stride + 1 - t, *right = d->right + a * d->stride + 1 - t;
	const double *weight = d->weight + 1 - from;
	double *up = d->h_up;
	lanes inside = { v_inside, v_inside }, best = { -HUGE_VAL, -HUGE_VAL };
	for (size_t c = first; c < to; c += LANES) {
		lanes sum = load(up + c) + load(h + c);
		lanes q = load(weight + c) * (sum - inside) - load(left + c) * inside -
			  load(right + c) * load(down + c);
		*(lanes *)(up + c) = sum;
		best = larger(q, best);
	}
	*(lanes *)(d->best + t * LANES) = best;
}

/* The same for k = to alone. */
static void make_end(const struct divider *d, size_t from, size_t t, size_t to, double inside)
{
	size_t a = t - from, b = to - t, c = to - 1;
	d->h_up[c] += d->h[(t - 1) * d->stride + c];
	double q = d->weight[a + b] * (d->h_up[c] - inside) - d->left[a * d->stride + b] * inside -
		   d->right[a * d->stride + b] * d->h_down[t * d->stride + c];
	for (size_t l = 0; l < LANES; l++)
		d->best[t * LANES + l] = q;
}

/* The largest Q of the interval, and its t: the first of equals. */
static void look(struct divider *d, const double *x, struct interval *in)
{
	size_t from = in->from, to = in->to;
	double inside = 0;
	in->q = -HUGE_VAL;
	in->place = 0;
	if (to - from < 2)
		return;
	make_inside(d, x, from, to);
	memset(d->h_up + from, 0, (to - from) * sizeof(*d->h_up));
	for (size_t c = to; c % LANES; c++)
		d->h_up[c] = -HUGE_VAL;
	for (size_t t = from + 1; t < to; t++) {
		if (d->kappa == KAPPA_END)
			make_end(d, from, t, to, inside);
		else
			make_row(d, from, t, to, inside);
		inside += d->v_inside[t];
	}
	for (size_t t = from + 1; t < to; t++)
		for (size_t l = 0; l < LANES; l++)
			if (d->best[t * LANES + l] > in->q) {
				in->q = d->best[t * LANES + l];
				in->place = t;
			}
}

/* The interval that differs most, the first of equals; `n` if none has a candidate. */
static size_t most_different(const struct interval *in, size_t n)
{
	size_t best = n;
	for (size_t i = 0; i < n; i++)
		if (in[i].place && (best == n || in[i].q > in[best].q))
			best = i;
	return best;
}

size_t divider_candidate(struct divider *d, const double *x, size_t n, double *q)
{
	struct interval *all = &d->intervals[0];
	*all = (struct interval){ .to = n };
	if (n >= 2) {
		make_weights(d, n);
		make_sums(d, x, n);
		look(d, x, all);
	}
	*q = all->q;
	return all->place;
}

size_t divider_run(struct divider *d, const double *x, size_t n, double max_p, const size_t **places)
{
	struct interval *in = d->intervals;
	size_t parts = 1;
	double q;
	*places = d->places;
	if (!divider_candidate(d, x, n, &q))
		return 0;
	for (;;) {
		size_t i = most_different(in, parts);
		if (i == parts)
			break;
		size_t place = in[i].place;
		struct moments left = moments_of(x + in[i].from, place - in[i].from);
		struct moments right = moments_of(x + place, in[i].to - place);
		if (!(split_p(&left, &right) <= max_p))
			break;
		memmove(in + i + 1, in + i, (parts++ - i) * sizeof(*in));
		in[i].to = in[i + 1].from = place;
		look(d, x, &in[i]);
		look(d, x, &in[i + 1]);
	}
	for (size_t i = 1; i < parts; i++)
		d->places[i - 1] = in[i].from;
	return parts - 1;
}
