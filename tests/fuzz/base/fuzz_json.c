/* The JSON reader against jansson, and against itself.
 *
 * Differential: in strict mode both must accept the same texts and read the same values. Known differences,
 * which the comparison leaves out: jansson refuses NUL in strings and keys (decoded or raw), a lone low
 * surrogate or a broken pair (we read U+FFFD), reals that overflow (we clamp), and what is nested past its
 * own limit; integers outside 64 bits we clamp, it refuses. The lenient reader accepts whatever the strict
 * one does, and all its strings are valid UTF-8. The frame ends where the parser ends. A whole document never
 * needs more; each prefix of one does, or is whole. What the writer makes of a string reads back. */
#include "base/json.h"
#include "base/json_write.h"
#include "base/utf8.h"

#include <float.h>
#include <stdio.h>
#include <stdlib.h>

/* jansson shares names with base */
#define JSON_OBJECT  JANSSON_OBJECT
#define JSON_ARRAY   JANSSON_ARRAY
#define JSON_STRING  JANSSON_STRING
#define JSON_INTEGER JANSSON_INTEGER
#define JSON_REAL    JANSSON_REAL
#define JSON_TRUE    JANSSON_TRUE
#define JSON_FALSE   JANSSON_FALSE
#define JSON_NULL    JANSSON_NULL
#define json_type    jansson_type
#define json_string  jansson_string
#undef JSON_STRICT
#include <jansson.h>
/* its json_is_…() macros would take our values now: compare json_typeof() with JANSSON_… instead */
#undef JSON_OBJECT
#undef JSON_ARRAY
#undef JSON_STRING
#undef JSON_INTEGER
#undef JSON_REAL
#undef JSON_TRUE
#undef JSON_FALSE
#undef JSON_NULL
#undef json_type
#undef json_string
#undef JSON_STRICT
#define JSON_STRICT 1u

/* jansson counts containers to 2048 */
#define DEPTH 1000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require_at(bool ok, int line)
{
	if (ok)
		return;
	fprintf(stderr, "fuzz_json.c:%d: broken\n", line);
	abort();
}
#define require(ok) require_at((ok), __LINE__)

struct session {
	struct json_doc strict, lenient;
	struct arena arena;
};

static bool view_is(struct view v, const char *s, size_t len)
{
	return view_eq(v, (struct view){ s, len });
}

static void same_value(struct session *s, json_ref r, const json_t *other);

static void same_object(struct session *s, json_ref r, const json_t *other)
{
	const struct json_doc *d = &s->strict;
	size_t count = 0;
	for (json_ref k = json_first(d, r); k != JSON_NONE; k = json_next(d, r, k), count++) {
		struct view key = json_string(d, k, &s->arena);
		const json_t *value = json_object_getn(other, key.data, key.len);
		require(value != NULL);
		require(json_get(d, r, key) == k + 1);
		same_value(s, k + 1, value);
	}
	require(count == json_object_size(other) && count == d->nodes[r].len);
}

static void same_array(struct session *s, json_ref r, const json_t *other)
{
	size_t count = 0;
	for (json_ref e = json_first(&s->strict, r); e != JSON_NONE; e = json_next(&s->strict, r, e))
		same_value(s, e, json_array_get(other, count++));
	require(count == json_array_size(other) && count == s->strict.nodes[r].len);
}

static void same_number(const struct json_doc *d, json_ref r, const json_t *other)
{
	double x = -1;
	int64_t i = -1;
	require(json_double(d, r, &x) == 0 && json_i64(d, r, &i) == 0);
	bool integer = json_typeof(other) == JANSSON_INTEGER;
	require(integer || json_typeof(other) == JANSSON_REAL);
	require(integer == !!(d->nodes[r].flags & JSON_F_INTEGER));
	if (integer) {
		require(i == json_integer_value(other) && x == (double)json_integer_value(other));
		return;
	}
	double y = json_real_value(other);
	require(x == y);
	/* the integer is cut from the exact text, the double is rounded first */
	double slack = 1 + 0x1p-52 * (y < 0 ? -y : y);
	require((double)i - y <= slack || y <= -0x1p63);
	require(y - (double)i <= slack || y >= 0x1p63);
}

static void same_value(struct session *s, json_ref r, const json_t *other)
{
	const struct json_doc *d = &s->strict;
	switch (d->nodes[r].type) {
	case JSON_OBJECT:
		require(json_typeof(other) == JANSSON_OBJECT);
		same_object(s, r, other);
		break;
	case JSON_ARRAY:
		require(json_typeof(other) == JANSSON_ARRAY);
		same_array(s, r, other);
		break;
	case JSON_STRING:
		require(json_typeof(other) == JANSSON_STRING);
		require(view_is(json_string(d, r, &s->arena), json_string_value(other),
				json_string_length(other)));
		break;
	case JSON_NUMBER:
		same_number(d, r, other);
		break;
	case JSON_TRUE:
		require(json_typeof(other) == JANSSON_TRUE);
		break;
	case JSON_FALSE:
		require(json_typeof(other) == JANSSON_FALSE);
		break;
	default:
		require(json_typeof(other) == JANSSON_NULL);
	}
}

/* Does the document hold what jansson alone refuses? */
static bool refused_by_jansson(struct session *s)
{
	const struct json_doc *d = &s->strict;
	for (json_ref r = 0; r < d->n; r++) {
		double x = 0;
		struct view raw = json_raw(d, r);
		switch (d->nodes[r].type) {
		case JSON_KEY:
		case JSON_STRING: {
			struct view v = json_string(d, r, &s->arena);
			if (v.len && memchr(v.data, 0, v.len))
				return true;
			if (memmem(raw.data, raw.len, "\\u", 2) && memmem(v.data, v.len, "\xEF\xBF\xBD", 3))
				return true;
			break;
		}
		case JSON_NUMBER:
			json_double(d, r, &x);
			if (x >= DBL_MAX || x <= -DBL_MAX ||
			    ((d->nodes[r].flags & JSON_F_INTEGER) && (x >= 0x1p63 || x <= -0x1p63)))
				return true;
			break;
		default:
			break;
		}
	}
	return false;
}

static void against_jansson(struct session *s, const char *text, size_t len)
{
	int rc = json_parse_all(&s->strict, text, len, JSON_STRICT, NULL);
	if (rc == ERR_DEPTH)
		return;
	json_error_t error;
	json_t *other =
		json_loadb(text, len, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
	if (rc)
		require(!other || memchr(text, 0, len));
	else if (other)
		same_value(s, 0, other);
	else
		require(refused_by_jansson(s));
	json_decref(other);
}

/* Byte by byte and at once, the frame must end alike, and where the parser ends. */
static void frame_agrees(const char *text, size_t len, int rc, size_t used, bool container)
{
	struct json_frame whole = { 0 }, bytes = { 0 };
	size_t end = 0, step_end = 0, at = 0;
	bool done = json_frame_feed(&whole, text, len, &end), step_done = false;
	for (; at < len && !step_done; at++)
		step_done = json_frame_feed(&bytes, text + at, 1, &step_end);
	require(done == step_done && (!done || at == end) && whole.not_container == bytes.not_container);
	if (rc == 0 && container)
		require(done && !whole.not_container && end == used);
	if (rc == ERR_MORE)
		require(!done || whole.not_container);
}

static void strings_are_utf8(struct session *s, const struct json_doc *d)
{
	struct buf out;
	struct json_doc back;
	buf_init(&out);
	json_doc_init(&back);
	for (json_ref r = 0; r < d->n; r++) {
		if (d->nodes[r].type != JSON_STRING && d->nodes[r].type != JSON_KEY)
			continue;
		struct view v = json_string(d, r, &s->arena);
		require(v.data && utf8_valid(v));
		for (unsigned style = 0; style <= JW_GO_ESCAPE; style += JW_GO_ESCAPE) {
			buf_clear(&out);
			json_append_string(&out, style ? v : json_raw(d, r), style);
			require(json_parse_all(&back, out.data, out.len, JSON_STRICT, NULL) == 0);
			require(!style || view_eq(json_string(&back, 0, &s->arena), v));
		}
	}
	json_doc_fini(&back);
	buf_fini(&out);
}

static void raw_reads_back(struct session *s, size_t used)
{
	struct json_doc back;
	json_doc_init(&back);
	back.max_depth = DEPTH;
	const struct json_doc *d = &s->lenient;
	require(json_raw(d, 0).data + json_raw(d, 0).len + (d->nodes[0].type == JSON_STRING) ==
		d->text + used);
	for (json_ref r = 0; r < d->n && r < 32; r++) {
		struct view raw = json_raw(d, r);
		if (d->nodes[r].type == JSON_KEY || d->nodes[r].type == JSON_STRING)
			continue;
		require(json_parse_all(&back, raw.data, raw.len, 0, NULL) == 0);
		require(back.n == d->nodes[r].end - r);
	}
	json_doc_fini(&back);
}

static void prefixes_need_more(struct session *s, const char *text, size_t used)
{
	for (size_t len = 0; len < used; len += 1 + len / 64) {
		size_t part;
		int rc = json_parse(&s->strict, text, len, 0, &part);
		require(rc == ERR_MORE || (rc == 0 && s->strict.nodes[0].type == JSON_NUMBER));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct session s;
	const char *text = (const char *)data;
	size_t used;
	json_doc_init(&s.strict);
	json_doc_init(&s.lenient);
	arena_init(&s.arena, 0);
	s.strict.max_depth = s.lenient.max_depth = DEPTH;

	against_jansson(&s, text, size);
	int strict = json_parse(&s.strict, text, size, JSON_STRICT, NULL);
	int rc = json_parse(&s.lenient, text, size, 0, &used);
	require(strict || !rc);
	require(rc == 0 || s.lenient.error_text);
	require(s.lenient.error_off <= size);
	frame_agrees(text, size, rc, used, s.lenient.n && s.lenient.nodes[0].type >= JSON_ARRAY);
	strings_are_utf8(&s, &s.lenient);
	if (rc == 0) {
		raw_reads_back(&s, used);
		prefixes_need_more(&s, text, used);
	}

	arena_fini(&s.arena);
	json_doc_fini(&s.strict);
	json_doc_fini(&s.lenient);
	return 0;
}
