#include "numbers_impl.h"

#include "base/num.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* Skips a byte order mark. */
static struct view text_of(struct view text)
{
	bool marked = text.len >= 3 && memcmp(text.data, "\xef\xbb\xbf", 3) == 0;
	return marked ? (struct view){ text.data + 3, text.len - 3 } : text;
}

static bool is_json(struct view text)
{
	struct view rest = view_trim(text);
	return rest.len && (rest.data[0] == '[' || rest.data[0] == '{');
}

int numbers_read(struct view text, const char *name, const char *column, size_t most, struct numbers *x,
		 struct err *err)
{
	struct err unheard;
	struct reading r = { text_of(text), name, column, most, x, err ? err : &unheard };
	size_t index;
	if (reading_index(&r, &index) && index == SIZE_MAX)
		return err_set(r.err, ERR_UNKNOWN, name, "columns count from 1: there is no column %s",
			       column);
	return is_json(r.text) ? reading_json(&r) : reading_table(&r);
}

/* --- several columns ------------------------------------------------------------------------------------------------ */

void numbers_columns_init(struct numbers_columns *c)
{
	*c = (struct numbers_columns){ 0 };
	arena_init(&c->arena, 0);
}

void numbers_columns_fini(struct numbers_columns *c)
{
	for (size_t i = 0; i < c->n; i++)
		numbers_fini(&c->columns[i].x);
	arena_fini(&c->arena);
	c->n = 0;
}

struct columns_reading {
	struct view text;
	const char *name;
	size_t most;
	struct numbers_columns *out;
	struct err *err;
};

static int read_column(void *arg, const char *column, const char *shown)
{
	struct columns_reading *r = arg;
	if (!column && !shown)
		return err_set(r->err, -ENOMEM, r->name, "out of memory");
	if (r->out->n == NUMBERS_COLUMNS_MAX)
		return err_set(r->err, ERR_FULL, r->name, "more than %d columns; name some of them",
			       NUMBERS_COLUMNS_MAX);
	struct numbers_column *c = &r->out->columns[r->out->n++];
	c->name = shown;
	numbers_init(&c->x);
	return numbers_read(r->text, r->name, column, r->most, &c->x, r->err);
}

/* a,b,c */
static int read_listed(struct columns_reading *r, const char *list)
{
	int rc = 0;
	for (const char *at = list, *comma; at && rc == 0; at = comma ? comma + 1 : NULL) {
		comma = strchr(at, ',');
		struct view part = view_trim((struct view){ at, comma ? (size_t)(comma - at) : strlen(at) });
		const char *column = arena_strndup(&r->out->arena, part.data, part.len);
		if (part.len == 0)
			return err_set(r->err, ERR_SYNTAX, r->name, "\"%.80s\" has a column without a name",
				       list);
		rc = read_column(r, column, column);
	}
	return rc;
}

int numbers_read_columns(struct view text, const char *name, const char *columns, size_t most,
			 struct numbers_columns *out, struct err *err)
{
	struct err unheard;
	struct columns_reading r = { text, name, most, out, err ? err : &unheard };
	struct reading all = { text_of(text), name, NULL, most, NULL, r.err };
	struct column_sink sink = { &out->arena, read_column, &r };
	out->columns = arena_alloc(&out->arena, NUMBERS_COLUMNS_MAX * sizeof(*out->columns));
	if (!out->columns)
		return err_set(r.err, -ENOMEM, name, "out of memory");
	if (strcmp(columns, "all") != 0)
		return read_listed(&r, columns);
	int rc = is_json(all.text) ? reading_json_columns(&all, &sink) : reading_table_columns(&all, &sink);
	if (rc == 0 && out->n == 0)
		rc = err_set(r.err, ERR_MISSING, name, "no column holds numbers");
	return rc;
}
