#include "base/num.h"

#include "json_scan.h"
#include "json_tape.h"

/* Reading the tape: members, raw text, numbers. */

static bool is_container(const struct json_node *n)
{
	return n->type == JSON_ARRAY || n->type == JSON_OBJECT;
}

static bool bytes_equal(const char *a, const char *b, size_t len, bool fold)
{
	if (!fold)
		return memcmp(a, b, len) == 0;
	return view_ieq((struct view){ a, len }, (struct view){ b, len });
}

/* A key with escapes against plain bytes, without a copy. */
static bool escaped_equal(struct view raw, struct view key, bool fold)
{
	const char *p = raw.data, *end = p + raw.len;
	size_t at = 0;
	while (p < end) {
		char out[4] = { *p };
		size_t n = 1;
		if (*p == '\\')
			n = json_unescape(&p, end, out);
		else
			p++;
		if (key.len - at < n || !bytes_equal(out, key.data + at, n, fold))
			return false;
		at += n;
	}
	return at == key.len;
}

static json_ref find_key(const struct json_doc *d, json_ref object, struct view key, bool fold)
{
	json_ref found = JSON_NONE;
	if (object >= d->n || d->nodes[object].type != JSON_OBJECT)
		return JSON_NONE;
	for (json_ref k = json_first(d, object); k != JSON_NONE; k = json_next(d, object, k)) {
		const struct json_node *n = &d->nodes[k];
		bool same;
		if (n->flags & JSON_F_ESCAPED)
			same = escaped_equal(json_raw(d, k), key, fold);
		else
			same = n->len == key.len && bytes_equal(d->text + n->off, key.data, key.len, fold);
		if (same)
			found = k + 1;
	}
	return found < d->n ? found : JSON_NONE;
}

json_ref json_get(const struct json_doc *d, json_ref object, struct view key)
{
	return find_key(d, object, key, false);
}

json_ref json_get_fold(const struct json_doc *d, json_ref object, struct view key)
{
	return find_key(d, object, key, true);
}

/* A container's node does not hold where its text ends: behind its last descendant stand, apart from white
 * space, just the brackets of the containers that end with it. */
static struct view raw_container(const struct json_doc *d, json_ref r)
{
	const struct json_node *nodes = d->nodes, *last = &nodes[nodes[r].end - 1];
	size_t brackets = 0;
	for (json_ref i = r; i < nodes[r].end; i++)
		brackets += is_container(&nodes[i]) && nodes[i].end == nodes[r].end;
	const char *p = d->text + last->off, *end = d->text + d->text_len;
	p += is_container(last) ? 1 : last->len + (last->type == JSON_STRING || last->type == JSON_KEY);
	while (p < end && brackets)
		brackets -= !json_is_space(*p++);
	const char *begin = d->text + nodes[r].off;
	return (struct view){ begin, (size_t)(p - begin) };
}

struct view json_raw(const struct json_doc *d, json_ref r)
{
	if (r >= d->n)
		return (struct view){ NULL, 0 };
	if (is_container(&d->nodes[r]))
		return raw_container(d, r);
	return (struct view){ d->text + d->nodes[r].off, d->nodes[r].len };
}

/* Appends one decimal digit, clamped at `limit`. */
static bool digit_append(uint64_t *value, unsigned digit, uint64_t limit)
{
	if (*value > (limit - digit) / 10) {
		*value = limit;
		return false;
	}
	*value = *value * 10 + digit;
	return true;
}

/* Exponents past this decide nothing that their clamped value would not. */
#define EXPONENT_CLAMP (INT64_C(1) << 40)

static int64_t exponent_of(const char *p, const char *end)
{
	bool negative = p < end && *p == '-';
	int64_t e = 0;
	for (p += p < end && (*p == '-' || *p == '+'); p < end; p++)
		e = e < EXPONENT_CLAMP ? e * 10 + (*p - '0') : e;
	return negative ? -e : e;
}

/* The integer part of digits[.digits][e±n], exact: the first `whole` digits, zeros behind the last. */
static uint64_t decimal_truncate(const char *p, const char *end, uint64_t limit)
{
	const char *mantissa_end = p, *point = NULL;
	for (; mantissa_end < end && (*mantissa_end | 32) != 'e'; mantissa_end++)
		if (*mantissa_end == '.')
			point = mantissa_end;
	int64_t whole = (point ? point : mantissa_end) - p;
	if (mantissa_end < end)
		whole += exponent_of(mantissa_end + 1, end);
	uint64_t value = 0;
	for (; p < mantissa_end && whole > 0; p++) {
		if (p == point)
			continue;
		if (!digit_append(&value, (unsigned)(*p - '0'), limit))
			return limit;
		whole--;
	}
	for (; whole > 0 && value; whole--)
		if (!digit_append(&value, 0, limit))
			return limit;
	return value;
}

/* So many digits fit an int64_t whatever they are. */
#define SAFE_DIGITS 18

int json_i64(const struct json_doc *d, json_ref r, int64_t *out)
{
	if (r >= d->n || d->nodes[r].type != JSON_NUMBER)
		return ERR_TYPE;
	const struct json_node *n = &d->nodes[r];
	const char *p = d->text + n->off, *end = p + n->len;
	bool negative = *p == '-';
	p += negative;
	uint64_t limit = (uint64_t)INT64_MAX + negative, value = 0;
	if ((n->flags & JSON_F_INTEGER) && end - p <= SAFE_DIGITS) {
		for (; p < end; p++)
			value = value * 10 + (unsigned)(*p - '0');
	} else {
		value = decimal_truncate(p, end, limit);
	}
	*out = negative ? (int64_t)-value : (int64_t)value;
	return 0;
}

int json_double(const struct json_doc *d, json_ref r, double *out)
{
	if (r >= d->n || d->nodes[r].type != JSON_NUMBER)
		return ERR_TYPE;
	return num_parse_double(json_raw(d, r), out);
}

int json_bool(const struct json_doc *d, json_ref r, bool *out)
{
	if (r >= d->n || (d->nodes[r].type != JSON_TRUE && d->nodes[r].type != JSON_FALSE))
		return ERR_TYPE;
	*out = d->nodes[r].type == JSON_TRUE;
	return 0;
}
