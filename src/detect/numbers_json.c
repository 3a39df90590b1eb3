/* JSON: an array of numbers, or one that is found in objects and arrays. */
#include "numbers_impl.h"

#include "base/json.h"

#include <math.h>
#include <stdio.h>

#define HOW "is no number, nor null for a missing value"

/* Counts lines as it goes: nodes come in the order of the text. */
struct lines {
	size_t line, at;
};

static size_t line_of(struct lines *l, const struct json_doc *d, json_ref r)
{
	size_t to = d->nodes[r].off;
	for (; l->at < to && l->at < d->text_len; l->at++)
		l->line += d->text[l->at] == '\n';
	return l->line;
}

/* The part of an element that the column tells: a member of an object, an item of an array. */
static json_ref pick(const struct reading *r, const struct json_doc *d, json_ref element)
{
	size_t index;
	if (json_type(d, element) == JSON_OBJECT)
		return r->column ? json_get(d, element, view_of(r->column)) : JSON_NONE;
	if (!reading_index(r, &index))
		return JSON_NONE;
	json_ref item = json_first(d, element);
	while (item != JSON_NONE && index-- > 0)
		item = json_next(d, element, item);
	return item;
}

static int take_element(struct reading *r, const struct json_doc *d, json_ref element, struct lines *l)
{
	double v = NAN;
	enum json_type type = json_type(d, element);
	json_ref value = element;
	size_t line = line_of(l, d, element);
	if (type == JSON_OBJECT || type == JSON_ARRAY) {
		value = pick(r, d, element);
		if (value == JSON_NONE && type == JSON_ARRAY)
			return reading_fail(r, ERR_MISSING, line, json_raw(d, element),
					    "is a row: say --column and its number");
		if (value == JSON_NONE && !r->column)
			return reading_fail(r, ERR_MISSING, line, json_raw(d, element),
					    "is an object: say --column and a name");
	}
	if (value != JSON_NONE && json_type(d, value) != JSON_NULL && json_double(d, value, &v) < 0)
		return reading_fail(r, ERR_TYPE, line, json_raw(d, value), HOW);
	return reading_add(r, line, v);
}

/* The member that the column names, or the only one that is an array. */
static int find_array(struct reading *r, const struct json_doc *d, json_ref *array)
{
	json_ref found = JSON_NONE;
	size_t arrays = 0;
	if (r->column) {
		found = json_get(d, *array, view_of(r->column));
		if (json_type(d, found) != JSON_ARRAY)
			return err_set(r->err, ERR_UNKNOWN, r->name, "the object has no array \"%.80s\"",
				       r->column);
		r->column = NULL; /* it has said which */
		*array = found;
		return 0;
	}
	for (json_ref k = json_first(d, *array); k != JSON_NONE; k = json_next(d, *array, k))
		if (json_type(d, k + 1) == JSON_ARRAY) {
			found = k + 1;
			arrays++;
		}
	*array = found;
	return arrays == 1
		       ? 0
		       : err_set(r->err, ERR_MISSING, r->name,
				 arrays ? "the object has several arrays: say --column and the name of one"
					: "the object holds no array of numbers");
}

static int parse(struct reading *r, struct json_doc *d)
{
	struct err at = { 0 };
	char place[sizeof(at.place)];
	d->max_nodes = r->most < UINT32_MAX / 4 ? (uint32_t)(2 * r->most + 1024) : UINT32_MAX;
	int rc = json_parse_all(d, r->text.data, r->text.len, 0, &at);
	if (rc == 0)
		return 0;
	snprintf(place, sizeof(place), "%.200s%s%.50s", r->name, *at.place ? ":" : "", at.place);
	return err_set(r->err, rc, place, "%s", rc == ERR_FULL ? "more values than can be taken" : at.text);
}

int reading_json(struct reading *r)
{
	struct json_doc d;
	struct lines lines = { .line = 1 };
	json_ref array = 0;
	json_doc_init(&d);
	int rc = parse(r, &d);
	if (rc == 0 && json_type(&d, 0) == JSON_OBJECT)
		rc = find_array(r, &d, &array);
	for (json_ref e = rc == 0 ? json_first(&d, array) : JSON_NONE; e != JSON_NONE && rc == 0;
	     e = json_next(&d, array, e))
		rc = take_element(r, &d, e, &lines);
	json_doc_fini(&d);
	return rc;
}

/* --- several columns ------------------------------------------------------------------------------------------------ */

/* The first that is there of an array, or of a member or an item of its rows. */
static bool begins_with_a_number(const struct reading *r, const struct json_doc *d, json_ref array)
{
	for (json_ref e = json_first(d, array); e != JSON_NONE; e = json_next(d, array, e)) {
		bool row = json_type(d, e) == JSON_OBJECT || json_type(d, e) == JSON_ARRAY;
		json_ref value = row ? pick(r, d, e) : e;
		if (json_type(d, value) != JSON_NULL)
			return json_type(d, value) == JSON_NUMBER;
	}
	return false;
}

/* The columns of rows are those of the first. */
static int add_rows(struct reading *r, const struct json_doc *d, const struct column_sink *sink)
{
	json_ref first = json_first(d, 0);
	bool named = json_type(d, first) == JSON_OBJECT;
	int rc = 0;
	size_t at = 0;
	for (json_ref k = json_first(d, first); k != JSON_NONE && rc == 0; k = json_next(d, first, k)) {
		char number[24];
		snprintf(number, sizeof(number), "%zu", ++at);
		struct view text = named ? json_string(d, k, sink->arena) : view_of(number);
		r->column = arena_strndup(sink->arena, text.data, text.len);
		if (!r->column || begins_with_a_number(r, d, 0))
			rc = sink->add(sink->arg, r->column, r->column);
	}
	return rc;
}

static int add_arrays(const struct reading *r, const struct json_doc *d, const struct column_sink *sink)
{
	int rc = 0;
	for (json_ref k = json_first(d, 0); k != JSON_NONE && rc == 0; k = json_next(d, 0, k)) {
		if (json_type(d, k + 1) != JSON_ARRAY || !begins_with_a_number(r, d, k + 1))
			continue;
		struct view text = json_string(d, k, sink->arena);
		const char *name = text.data ? arena_strndup(sink->arena, text.data, text.len) : NULL;
		rc = sink->add(sink->arg, name, name);
	}
	return rc;
}

int reading_json_columns(struct reading *r, const struct column_sink *sink)
{
	struct json_doc d;
	json_doc_init(&d);
	int rc = parse(r, &d);
	if (rc == 0 && json_type(&d, 0) == JSON_OBJECT)
		rc = add_arrays(r, &d, sink);
	else if (rc == 0 && begins_with_a_number(r, &d, 0))
		rc = sink->add(sink->arg, NULL, "1");
	else if (rc == 0 && json_type(&d, 0) == JSON_ARRAY)
		rc = add_rows(r, &d, sink);
	json_doc_fini(&d);
	return rc;
}
