#include "numbers_impl.h"

#include "base/num.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define SHOWN_MAX 40 /* bytes of a bad cell */

void numbers_init(struct numbers *x)
{
	*x = (struct numbers){ 0 };
}

void numbers_fini(struct numbers *x)
{
	free(x->values);
	numbers_init(x);
}

int reading_add(struct reading *r, size_t line, double v)
{
	struct numbers *x = r->x;
	char place[sizeof(r->err->place)];
	snprintf(place, sizeof(place), "%s:%zu", r->name, line);
	if (x->n >= r->most)
		return err_set(r->err, ERR_FULL, place,
			       "more than %zu values; give a part of them, or means of groups of them",
			       r->most);
	if (x->n == x->cap) {
		size_t cap = x->cap ? 2 * x->cap : 256;
		double *grown = realloc(x->values, cap * sizeof(*grown));
		if (!grown)
			return err_set(r->err, -ENOMEM, place, "out of memory");
		x->values = grown;
		x->cap = cap;
	}
	x->values[x->n++] = v;
	return 0;
}

int reading_fail(struct reading *r, int code, size_t line, struct view cell, const char *why)
{
	char place[sizeof(r->err->place)], shown[SHOWN_MAX + 4];
	size_t n = cell.len < SHOWN_MAX ? cell.len : SHOWN_MAX;
	snprintf(place, sizeof(place), "%s:%zu", r->name, line);
	for (size_t i = 0; i < n; i++)
		shown[i] = (unsigned char)cell.data[i] < ' ' || cell.data[i] == 127 ? '?' : cell.data[i];
	snprintf(shown + n, sizeof(shown) - n, "%s", n < cell.len ? "..." : "");
	return err_set(r->err, code, place, "\"%s\" %s", shown, why);
}

int reading_number(struct view cell, double *v)
{
	static const char *const missing[] = { "", "nan", "na", "n/a", "null", "none", "-" };
	static const char *const infinite[] = { "inf", "-inf", "+inf", "infinity", "-infinity", "+infinity" };
	if (num_parse_double(cell, v) == 0)
		return 0;
	*v = NAN;
	for (size_t i = 0; i < sizeof(missing) / sizeof(missing[0]); i++)
		if (view_ieq(cell, view_of(missing[i])))
			return 0;
	for (size_t i = 0; i < sizeof(infinite) / sizeof(infinite[0]); i++)
		if (view_ieq(cell, view_of(infinite[i])))
			return ERR_RANGE;
	return ERR_SYNTAX;
}

bool reading_index(const struct reading *r, size_t *index)
{
	int64_t number;
	if (!r->column || num_parse_i64(view_of(r->column), &number) < 0)
		return false;
	*index = number > 0 ? (size_t)number - 1 : SIZE_MAX;
	return true;
}

int numbers_read(struct view text, const char *name, const char *column, size_t most, struct numbers *x,
		 struct err *err)
{
	struct err unheard;
	struct reading r = { text, name, column, most, x, err ? err : &unheard };
	size_t index;
	if (text.len >= 3 && memcmp(text.data, "\xef\xbb\xbf", 3) == 0)
		r.text = (struct view){ text.data + 3, text.len - 3 };
	if (reading_index(&r, &index) && index == SIZE_MAX)
		return err_set(r.err, ERR_UNKNOWN, name, "columns count from 1: there is no column %s",
			       column);
	struct view rest = view_trim(r.text);
	return rest.len && (rest.data[0] == '[' || rest.data[0] == '{') ? reading_json(&r)
									: reading_table(&r);
}
