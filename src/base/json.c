#include "base/json.h"

#include "json_scan.h"
#include "json_tape.h"

#include <errno.h>
#include <stdlib.h>

/* The hot path of the program: every run passes here. One loop over the text, no recursion: an open container
 * keeps the index of its parent in `end` until it closes, so the tape is its own stack. */

#define DEFAULT_MAX_DEPTH 64
#define DEFAULT_MAX_NODES (4u << 20)
#define FIRST_NODES       64u
#define MAX_TEXT          ((size_t)1 << 31)

#define INLINE static inline __attribute__((always_inline))

/* What a byte can begin; zero: nothing. */
enum { C_NONE, C_SPACE, C_STRING, C_NUMBER, C_OBJECT, C_ARRAY, C_TRUE, C_FALSE, C_NULL };
static const uint8_t first_byte[256] = {
	[' '] = C_SPACE,  ['\t'] = C_SPACE, ['\n'] = C_SPACE, ['\r'] = C_SPACE, ['"'] = C_STRING,
	['-'] = C_NUMBER, ['0'] = C_NUMBER, ['1'] = C_NUMBER, ['2'] = C_NUMBER, ['3'] = C_NUMBER,
	['4'] = C_NUMBER, ['5'] = C_NUMBER, ['6'] = C_NUMBER, ['7'] = C_NUMBER, ['8'] = C_NUMBER,
	['9'] = C_NUMBER, ['{'] = C_OBJECT, ['['] = C_ARRAY,  ['t'] = C_TRUE,   ['f'] = C_FALSE,
	['n'] = C_NULL,
};

/* The state of one parse. Lives in registers: its address never leaves the inlined functions. */
struct parser {
	const char *text, *p, *end;
	struct json_node *nodes;
	uint32_t n, cap;
	uint32_t open; /* innermost open container, JSON_NONE at the top */
	uint32_t depth;
	const char *why; /* what was expected at p when a step fails */
};

void json_doc_init(struct json_doc *d)
{
	*d = (struct json_doc){ .max_depth = DEFAULT_MAX_DEPTH, .max_nodes = DEFAULT_MAX_NODES };
}

void json_doc_fini(struct json_doc *d)
{
	free(d->nodes);
	d->nodes = NULL;
	d->n = d->cap = 0;
}

/* One node above max_nodes, so that the check before a value may demand room for that value and a key. */
INLINE uint32_t nodes_limit(const struct json_doc *d)
{
	return d->max_nodes < UINT32_MAX ? d->max_nodes + 1 : UINT32_MAX;
}

static __attribute__((noinline)) int nodes_grow(struct json_doc *d)
{
	uint32_t limit = nodes_limit(d);
	if (d->cap >= limit)
		return ERR_FULL;
	uint32_t cap = d->cap < FIRST_NODES / 2   ? FIRST_NODES
		       : d->cap <= UINT32_MAX / 2 ? d->cap * 2
						  : UINT32_MAX;
	if (cap > limit)
		cap = limit;
	struct json_node *nodes = realloc(d->nodes, cap * sizeof(*nodes));
	if (!nodes)
		return -ENOMEM;
	d->nodes = nodes;
	d->cap = cap;
	return 0;
}

INLINE int fail(struct parser *s, const char *at, int code, const char *why)
{
	s->p = at;
	s->why = why;
	return code;
}

INLINE void push(struct parser *s, const char *at, size_t len, uint8_t type, unsigned flags)
{
	s->nodes[s->n] = (struct json_node){ .off = (uint32_t)(at - s->text),
					     .len = (uint32_t)len,
					     .end = s->n + 1,
					     .type = type,
					     .flags = (uint8_t)flags };
	s->n++;
}

INLINE void skip_space(struct parser *s)
{
	while (s->p < s->end && (unsigned char)*s->p <= ' ' && json_is_space(*s->p))
		s->p++;
}

/* At a backslash. The byte after the escape, or NULL with *rc and *at set. */
static __attribute__((noinline)) const char *skip_escape(const char *p, const char *end, int *rc,
							 const char **at)
{
	*rc = ERR_MORE;
	*at = end;
	if (++p == end)
		return NULL;
	if (*p != 'u') {
		if (memchr("\"\\/bfnrt", *p, 8))
			return p + 1;
	} else {
		int digits = 4;
		for (p++; digits && p < end &&
			  ((*p >= '0' && *p <= '9') || ((*p | 32) >= 'a' && (*p | 32) <= 'f'));
		     p++)
			digits--;
		if (!digits)
			return p;
		if (p == end)
			return NULL;
	}
	*rc = ERR_SYNTAX;
	*at = p;
	return NULL;
}

/* At the opening quote. */
INLINE int take_string(struct parser *s, uint8_t type, bool strict)
{
	const char *begin = s->p + 1, *p = begin;
	unsigned flags = 0;
	uint64_t high = 0;
	for (;;) {
		p = strict ? scan_string(p, s->end, SCAN_CONTROL, &high)
			   : scan_string(p, s->end, SCAN_TEXT, &high);
		if (p == s->end)
			return fail(s, p, ERR_MORE, "the text ends inside a string");
		if (*p == '"')
			break;
		if (*p != '\\')
			return fail(s, p, ERR_SYNTAX, "control characters in a string must be escaped");
		flags |= JSON_F_ESCAPED;
		int rc = 0;
		const char *at = NULL;
		p = skip_escape(p, s->end, &rc, &at);
		if (!p)
			return fail(s, at, rc,
				    rc == ERR_MORE ? "the text ends inside a string"
						   : "unknown escape in a string");
	}
	push(s, begin, (size_t)(p - begin), type, flags | (high ? JSON_F_NONASCII : 0));
	s->p = p + 1;
	return 0;
}

INLINE bool is_digit(const char *p, const char *end)
{
	return p < end && (unsigned char)(*p - '0') < 10;
}

/* At least one digit from p on; NULL with the failure set if there is none. */
INLINE const char *skip_digits(struct parser *s, const char *p, int *rc)
{
	if (!is_digit(p, s->end)) {
		*rc = p == s->end ? fail(s, p, ERR_MORE, "the text ends inside a number")
				  : fail(s, p, ERR_SYNTAX, "expected a digit");
		return NULL;
	}
	while (is_digit(++p, s->end))
		;
	return p;
}

/* At '-' or a digit. A number at the end of the text is whole only at the top level. */
INLINE int take_number(struct parser *s)
{
	const char *begin = s->p, *p = begin + (*begin == '-');
	unsigned flags = JSON_F_INTEGER;
	int rc = 0;
	bool zero = p < s->end && *p == '0';
	const char *digits = p;
	if (!(p = skip_digits(s, p, &rc)))
		return rc;
	if (zero && p - digits > 1)
		return fail(s, digits + 1, ERR_SYNTAX, "a number must not begin with 0");
	if (p < s->end && *p == '.') {
		flags = 0;
		if (!(p = skip_digits(s, p + 1, &rc)))
			return rc;
	}
	if (p < s->end && (*p | 32) == 'e') {
		flags = 0;
		p++;
		p += p < s->end && (*p == '+' || *p == '-');
		if (!(p = skip_digits(s, p, &rc)))
			return rc;
	}
	push(s, begin, (size_t)(p - begin), JSON_NUMBER, flags);
	s->p = p;
	return 0;
}

INLINE int take_word(struct parser *s, const char *word, size_t len, uint8_t type)
{
	size_t have = (size_t)(s->end - s->p), i = 0;
	if (have >= len && memcmp(s->p, word, len) == 0) {
		push(s, s->p, len, type, 0);
		s->p += len;
		return 0;
	}
	while (i < have && s->p[i] == word[i])
		i++;
	return i == have ? fail(s, s->end, ERR_MORE, "the text ends inside a word")
			 : fail(s, s->p + i, ERR_SYNTAX, "expected a value");
}

INLINE int take_scalar(struct parser *s, uint8_t kind, bool strict)
{
	switch (kind) {
	case C_STRING:
		return take_string(s, JSON_STRING, strict);
	case C_NUMBER:
		return take_number(s);
	case C_TRUE:
		return take_word(s, "true", 4, JSON_TRUE);
	case C_FALSE:
		return take_word(s, "false", 5, JSON_FALSE);
	case C_NULL:
		return take_word(s, "null", 4, JSON_NULL);
	default:
		return fail(s, s->p, ERR_SYNTAX, "expected a value");
	}
}

/* A key and its colon. */
INLINE int take_key(struct parser *s, bool strict)
{
	if (s->p == s->end)
		return fail(s, s->p, ERR_MORE, "the text ends inside an object");
	if (*s->p != '"')
		return fail(s, s->p, ERR_SYNTAX, "expected a key in double quotes");
	int rc = take_string(s, JSON_KEY, strict);
	if (rc)
		return rc;
	if (s->end - s->p > 1 && s->p[0] == ':' &&
	    (unsigned char)s->p[1] > ' ') { /* the common, compact form */
		s->p++;
		return 0;
	}
	skip_space(s);
	if (s->p == s->end)
		return fail(s, s->p, ERR_MORE, "the text ends inside an object");
	if (*s->p != ':')
		return fail(s, s->p, ERR_SYNTAX, "expected ':' after a key");
	s->p++;
	skip_space(s);
	return 0;
}

INLINE void container_open(struct parser *s, uint8_t type)
{
	push(s, s->p++, 0, type, 0);
	s->nodes[s->n - 1].end = s->open;
	s->open = s->n - 1;
	s->depth++;
}

INLINE void container_close(struct parser *s)
{
	struct json_node *c = &s->nodes[s->open];
	s->open = c->end;
	c->end = s->n;
	s->depth--;
}

/* Parses one value. The states follow the grammar: a value, then what comes after it in its container, which
 * leads to the next value or closes the container and stands after that one. */
INLINE int parse_value(struct json_doc *d, struct parser *s, bool strict)
{
	int rc;
	bool in_object = false;
	skip_space(s);
value:
	if (s->p == s->end)
		return fail(s, s->p, ERR_MORE, "the text ends where a value is expected");
	if (s->cap - s->n < 2) { /* this value and the key that may follow */
		rc = nodes_grow(d);
		s->nodes = d->nodes;
		s->cap = d->cap;
		if (rc || s->cap - s->n < 2)
			return fail(s, s->p, rc ? rc : ERR_FULL, "too many values");
	}
	uint8_t kind = first_byte[(unsigned char)*s->p];
	if (kind != C_OBJECT && kind != C_ARRAY) {
		if ((rc = take_scalar(s, kind, strict)))
			return rc;
		goto after;
	}
	if (s->depth >= d->max_depth)
		return fail(s, s->p, ERR_DEPTH, "nested too deeply");
	in_object = kind == C_OBJECT;
	container_open(s, in_object ? JSON_OBJECT : JSON_ARRAY);
	skip_space(s);
	if (s->p < s->end && *s->p == (in_object ? '}' : ']'))
		goto close;
	if (in_object)
		goto key;
	goto value;
after:
	if (s->open == JSON_NONE)
		return 0;
	s->nodes[s->open].len++;
	if (in_object && s->end - s->p > 1 && s->p[0] == ',' &&
	    s->p[1] == '"') { /* the common, compact form */
		s->p++;
		goto key;
	}
	skip_space(s);
	if (s->p == s->end)
		return fail(s, s->p, ERR_MORE,
			    in_object ? "the text ends inside an object" : "the text ends inside an array");
	if (*s->p == ',') {
		s->p++;
		skip_space(s);
		if (!in_object)
			goto value;
		goto key;
	}
	if (*s->p != (in_object ? '}' : ']'))
		return fail(s, s->p, ERR_SYNTAX,
			    in_object ? "expected ',' or '}' after a value"
				      : "expected ',' or ']' after a value");
close:
	s->p++;
	container_close(s);
	in_object = s->open != JSON_NONE && s->nodes[s->open].type == JSON_OBJECT;
	goto after;
key:
	if ((rc = take_key(s, strict)))
		return rc;
	goto value;
}

/* After a failure: open containers end where the tape ends, so that it can still be walked. */
static void close_all(struct parser *s)
{
	while (s->open != JSON_NONE)
		container_close(s);
}

static int parse_lenient(struct json_doc *d, struct parser *s)
{
	struct parser local = *s;
	int rc = parse_value(d, &local, false);
	*s = local;
	return rc;
}

static int parse_strict(struct json_doc *d, struct parser *s)
{
	struct parser local = *s;
	int rc = parse_value(d, &local, true);
	*s = local;
	return rc;
}

int json_parse(struct json_doc *d, const char *text, size_t len, unsigned flags, size_t *used)
{
	uint32_t limit = nodes_limit(d);
	struct parser s = {
		.text = text,
		.p = text,
		.end = text + len,
		.nodes = d->nodes,
		.cap = d->cap < limit ? d->cap : limit,
		.open = JSON_NONE,
	};
	d->text = text;
	d->text_len = len;
	d->n = 0;
	d->error_off = 0;
	d->error_text = NULL;
	if (used)
		*used = 0;
	if (len > MAX_TEXT) {
		d->error_text = "the text is longer than 2 GiB";
		return ERR_FULL;
	}
	int rc = flags & JSON_STRICT ? parse_strict(d, &s) : parse_lenient(d, &s);
	if (rc) {
		close_all(&s);
		d->error_off = (size_t)(s.p - text);
		d->error_text = s.why;
	}
	d->n = s.n;
	if ((flags & JSON_STRICT) && (rc == 0 || rc == ERR_MORE || rc == ERR_SYNTAX))
		rc = json_check_strict(d, (size_t)(s.p - text), rc);
	if (rc == 0 && used)
		*used = (size_t)(s.p - text);
	return rc;
}
