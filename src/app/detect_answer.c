#include "detect_answer.h"

#include "detect/fdr.h"

#include <math.h>
#include <stdio.h>

#define FEW 10 /* values that can tell a clear step only */

static size_t count_missing(const struct numbers *x)
{
	size_t missing = 0;
	for (size_t i = 0; i < x->n; i++)
		missing += isnan(x->values[i]);
	return missing;
}

static bool all_equal(const struct numbers *x)
{
	double low = INFINITY, high = -INFINITY;
	for (size_t i = 0; i < x->n; i++) {
		low = fmin(low, x->values[i]);
		high = fmax(high, x->values[i]);
	}
	return !(low < high);
}

/* --- one series ------------------------------------------------------------------------------------------------------- */

static void print_head(const struct numbers *x, const struct detector *d, const struct change_result *r)
{
	size_t missing = count_missing(x), there = x->n - missing;
	printf("%zu value%s", x->n, x->n == 1 ? "" : "s");
	if (missing)
		printf(", %zu of them missing", missing);
	if (there < 2)
		printf(": nothing to compare.\n");
	else if (r->scores)
		printf(": %zu of them out of line, by %s.\n", r->n, d->name);
	else if (r->n)
		printf(": %zu change%s, by %s.\n", r->n, r->n == 1 ? "" : "s", d->name);
	else if (all_equal(x))
		printf(": all are the same, so nothing changed.\n");
	else
		printf(": no change, by %s%s.\n", d->name,
		       there < FEW && !r->why ? "; so few can show a clear one only" : "");
}

void detect_print_series(const struct numbers *x, const struct detector *d, const struct change_result *r)
{
	char text[CHANGE_TEXT_MAX];
	print_head(x, d, r);
	if (r->why && !all_equal(x))
		printf("%s.\n", r->why);
	for (size_t i = 0; i < r->n; i++)
		printf("  %s\n", change_text(&r->points[i], text));
}

static void write_scores(struct jw *w, const struct change_result *r)
{
	jw_arr(w, "scores");
	for (size_t i = 0; i < r->n_scores; i++)
		jw_double(w, NULL, r->scores[i]);
	jw_end(w);
	jw_arr(w, "flagged");
	for (size_t i = 0; i < r->n_scores; i++)
		if (r->flagged[i])
			jw_u64(w, NULL, i);
	jw_end(w);
}

static void write_head(struct jw *w, const struct numbers *x, const struct change_result *r)
{
	jw_u64(w, "n", x->n);
	jw_u64(w, "missing", count_missing(x));
	if (r->why)
		jw_cstr(w, "why", r->why);
}

static void write_point(struct jw *w, const struct change_point *p, const double *q)
{
	char text[CHANGE_TEXT_MAX];
	jw_obj(w, NULL);
	change_write_json(w, p);
	if (q)
		jw_double(w, "q", *q);
	jw_cstr(w, "text", change_text(p, text));
	jw_end(w);
}

void detect_write_series(struct jw *w, const struct numbers *x, const struct detector *d,
			 const struct change_result *r)
{
	jw_obj(w, NULL);
	jw_cstr(w, "method", d->name);
	write_head(w, x, r);
	jw_arr(w, "points");
	for (size_t i = 0; i < r->n; i++)
		write_point(w, &r->points[i], NULL);
	jw_end(w);
	if (r->scores)
		write_scores(w, r);
	jw_end(w);
}

/* --- several ---------------------------------------------------------------------------------------------------------- */

static double q_of(const struct detect_answer *a, const struct change_point *p)
{
	return a->together ? fdr_adjusted(a->p, a->columns->n, p->p) : NAN;
}

static bool is_told(const struct detect_answer *a, const struct change_point *p)
{
	return fdr_believes(q_of(a, p), a->rate);
}

static size_t count_told(const struct detect_answer *a, size_t column)
{
	const struct change_result *r = &a->results[column];
	size_t n = 0;
	for (size_t i = 0; i < r->n; i++)
		n += is_told(a, &r->points[i]);
	return n;
}

static void print_column(const struct detect_answer *a, size_t column)
{
	char text[CHANGE_TEXT_MAX];
	const struct numbers *x = &a->columns->columns[column].x;
	struct change_result told = a->results[column];
	told.n = count_told(a, column);
	printf("%s: ", a->columns->columns[column].name);
	print_head(x, a->detector, &told);
	if (told.why && !all_equal(x))
		printf("  %s.\n", told.why);
	for (size_t i = 0; i < a->results[column].n; i++) {
		const struct change_point *p = &a->results[column].points[i];
		if (is_told(a, p))
			printf("  %s\n", change_text(p, text));
	}
	for (size_t i = 0; i < a->results[column].n; i++) {
		const struct change_point *p = &a->results[column].points[i];
		if (!is_told(a, p))
			printf("  held back: %s; among %zu columns that is not enough (q %.2g)\n",
			       change_text(p, text), a->columns->n, q_of(a, p));
	}
}

void detect_print_columns(const struct detect_answer *a)
{
	size_t changed = 0, told = 0, held = 0;
	for (size_t i = 0; i < a->columns->n; i++) {
		size_t n = count_told(a, i);
		changed += n > 0;
		told += n;
		held += a->results[i].n - n;
	}
	printf("%zu column%s: ", a->columns->n, a->columns->n == 1 ? "" : "s");
	if (told)
		printf("%zu change%s in %zu of them", told, told == 1 ? "" : "s", changed);
	else
		printf("no change");
	if (held)
		printf("; %zu held back, so that at most %.3g %% of what is told is false", held,
		       a->rate * 100);
	printf(".\n");
	for (size_t i = 0; i < a->columns->n; i++)
		print_column(a, i);
}

static void write_points(struct jw *w, const struct detect_answer *a, size_t column, bool told)
{
	const struct change_result *r = &a->results[column];
	jw_arr(w, told ? "points" : "held_back");
	for (size_t i = 0; i < r->n; i++)
		if (is_told(a, &r->points[i]) == told) {
			double q = q_of(a, &r->points[i]);
			write_point(w, &r->points[i], a->together ? &q : NULL);
		}
	jw_end(w);
}

void detect_write_columns(struct jw *w, const struct detect_answer *a)
{
	jw_obj(w, NULL);
	jw_cstr(w, "method", a->detector->name);
	if (a->together)
		jw_double(w, "fdr", a->rate);
	jw_arr(w, "columns");
	for (size_t i = 0; i < a->columns->n; i++) {
		const struct numbers_column *c = &a->columns->columns[i];
		jw_obj(w, NULL);
		jw_cstr(w, "column", c->name);
		write_head(w, &c->x, &a->results[i]);
		write_points(w, a, i, true);
		if (a->together)
			write_points(w, a, i, false);
		if (a->results[i].scores)
			write_scores(w, &a->results[i]);
		jw_end(w);
	}
	jw_end(w);
	jw_end(w);
}
