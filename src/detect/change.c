#include "detect/change.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define RESULT_FIRST 16 /* points of room to begin with */

void change_measure(struct change_point *p)
{
	double forward = p->mean_before != 0 ? p->mean_after / p->mean_before - 1 : 0;
	double backward = p->mean_after != 0 ? p->mean_before / p->mean_after - 1 : 0;
	p->magnitude = fmax(fabs(forward), fabs(backward));
	p->percentage_change =
		p->mean_before != 0 ? (p->mean_after - p->mean_before) / p->mean_before * 100 : NAN;
}

void change_result_init(struct change_result *r, struct arena *arena)
{
	*r = (struct change_result){ .arena = arena };
}

int change_result_add(struct change_result *r, const struct change_point *p)
{
	if (r->n == r->cap) {
		size_t cap = r->cap ? 2 * r->cap : RESULT_FIRST;
		struct change_point *grown = arena_alloc(r->arena, cap * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		if (r->n)
			memcpy(grown, r->points, r->n * sizeof(*grown));
		r->points = grown;
		r->cap = cap;
	}
	r->points[r->n++] = *p;
	return 0;
}

void change_write_json(struct jw *w, const struct change_point *p)
{
	jw_u64(w, "index", p->index);
	jw_u64(w, "from", p->from);
	jw_u64(w, "to", p->to);
	jw_double(w, "mean_before", p->mean_before);
	jw_double(w, "mean_after", p->mean_after);
	jw_double(w, "sd_before", p->sd_before);
	jw_double(w, "sd_after", p->sd_after);
	jw_double(w, "percentage_change", p->percentage_change);
	jw_double(w, "magnitude", p->magnitude);
	jw_double(w, "p", p->p);
	if (!isnan(p->posterior))
		jw_double(w, "posterior", p->posterior);
	jw_cstr(w, "method", p->method);
}

/* --- for people ---------------------------------------------------------------------------------------------------------- */

/* One digit is enough: "20 000", "300". */
static const char *rounded(double v, char out[32])
{
	double unit = pow(10, floor(log10(v)));
	char digits[24];
	int n = snprintf(digits, sizeof(digits), "%.0f", floor(v / unit) * unit), at = 0;
	for (int i = 0; i < n; i++) {
		if (i > 0 && (n - i) % 3 == 0)
			out[at++] = ' ';
		out[at++] = digits[i];
	}
	out[at] = 0;
	return out;
}

const char *change_sure_text(const struct change_point *p, char out[CHANGE_SURE_MAX])
{
	char number[32];
	*out = 0;
	if (!isnan(p->posterior)) {
		double odds = p->posterior / (1 - p->posterior);
		if (odds >= 1e6)
			snprintf(out, CHANGE_SURE_MAX, "the odds for a change are over a million to one");
		else if (odds >= 1)
			snprintf(out, CHANGE_SURE_MAX, "the odds for a change are %s to 1",
				 rounded(odds, number));
		else
			snprintf(out, CHANGE_SURE_MAX, "a change is less likely than none");
	} else if (!isnan(p->p)) {
		if (p->p < 1e-6)
			snprintf(out, CHANGE_SURE_MAX, "chance alone gives that less than once in a million");
		else if (p->p <= 0.1)
			snprintf(out, CHANGE_SURE_MAX, "chance alone gives that once in %s",
				 rounded(1 / p->p, number));
		else
			snprintf(out, CHANGE_SURE_MAX, "chance alone gives that %.0f times in 100",
				 p->p * 100);
	}
	return out;
}

/* Four digits are enough, and no exponent where people would write none. */
static const char *number(double v, char out[32])
{
	bool plain = fabs(v) >= 1e4 && fabs(v) < 1e15;
	snprintf(out, 32, plain ? "%.0f" : "%.4g", v);
	return out;
}

const char *change_what_text(const struct change_point *p, char out[CHANGE_TEXT_MAX])
{
	char sure[CHANGE_SURE_MAX], percent[40] = "", before[32], after[32];
	if (isfinite(p->percentage_change))
		snprintf(percent, sizeof(percent), " (%+.3g %%)", p->percentage_change);
	number(p->mean_before, before);
	number(p->mean_after, after);
	change_sure_text(p, sure);
	snprintf(out, CHANGE_TEXT_MAX,
		 p->index + 1 == p->to ? "%s where %s was usual%s%s%s" : "the mean is %s instead of %s%s%s%s",
		 after, before, percent, *sure ? "; " : "", sure);
	return out;
}

const char *change_text(const struct change_point *p, char out[CHANGE_TEXT_MAX])
{
	char what[CHANGE_TEXT_MAX];
	bool single = p->index + 1 == p->to;
	snprintf(out, CHANGE_TEXT_MAX, single ? "value %zu is %.200s" : "from value %zu on %.200s",
		 p->index + 1, change_what_text(p, what));
	return out;
}
