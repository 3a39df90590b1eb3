#include "series/key.h"

#include "base/utf8.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>

/* Every decoded byte comes from one input byte, so `text` of the key can never overflow once the input's
 * length was checked; the canonical form is never longer than the input either (it only drops spaces and
 * quotes). */
struct parser {
	struct view in;
	size_t pos;
	struct series_key *key;
	size_t used; /* of key->text */
	struct err *err;
};

static bool is_space(unsigned char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_control(unsigned char c)
{
	return c < 0x20 || c == 0x7f;
}

static bool is_name_start(unsigned char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

static bool is_label_char(unsigned char c)
{
	return is_name_start(c) || (c >= '0' && c <= '9');
}

static bool is_name_char(unsigned char c)
{
	return is_label_char(c) || c == '.' || c == ':' || c == '-';
}

static bool needs_quotes(unsigned char c)
{
	return c == ',' || c == '=' || c == '{' || c == '}' || c == '"' || is_space(c);
}

static int fail(struct parser *p, int code, const char *what)
{
	char place[32];

	snprintf(place, sizeof(place), "column %zu", p->pos + 1);
	return err_set(p->err, code, place, "series key: %s", what);
}

static int peek(const struct parser *p)
{
	return p->pos < p->in.len ? (unsigned char)p->in.data[p->pos] : -1;
}

static void skip_spaces(struct parser *p)
{
	while (p->pos < p->in.len && is_space((unsigned char)p->in.data[p->pos]))
		p->pos++;
}

static void keep(struct parser *p, char c)
{
	p->key->text[p->used++] = c;
}

static struct view kept_since(const struct parser *p, size_t start)
{
	return (struct view){ p->key->text + start, p->used - start };
}

static int parse_word(struct parser *p, bool (*allowed)(unsigned char), const char *what, struct view *out)
{
	size_t start = p->used;

	skip_spaces(p);
	if (peek(p) < 0 || !is_name_start((unsigned char)peek(p)))
		return fail(p, ERR_SYNTAX, what);
	while (peek(p) >= 0 && allowed((unsigned char)peek(p)))
		keep(p, p->in.data[p->pos++]);
	*out = kept_since(p, start);
	skip_spaces(p);
	return 0;
}

static int parse_quoted(struct parser *p)
{
	p->pos++;
	for (int c; (c = peek(p)) != '"'; p->pos++) {
		if (c < 0)
			return fail(p, ERR_SYNTAX, "the quoted label value has no closing quote");
		if (is_control((unsigned char)c))
			return fail(p, ERR_SYNTAX, "control characters are not allowed in label values");
		if (c == '\\') {
			p->pos++;
			c = peek(p);
			if (c != '"' && c != '\\')
				return fail(p, ERR_SYNTAX,
					    "in quotes a backslash must be followed by \" or \\");
		}
		keep(p, (char)c);
	}
	p->pos++;
	return 0;
}

static int parse_bare(struct parser *p)
{
	for (int c; (c = peek(p)) >= 0 && c != ',' && c != '}' && !is_space((unsigned char)c); p->pos++) {
		if (needs_quotes((unsigned char)c))
			return fail(p, ERR_SYNTAX,
				    "a label value with = { or \" must be written in double quotes");
		if (is_control((unsigned char)c))
			return fail(p, ERR_SYNTAX, "control characters are not allowed in label values");
		keep(p, (char)c);
	}
	return 0;
}

static int parse_value(struct parser *p, struct view *out)
{
	size_t start = p->used;
	int rc;

	skip_spaces(p);
	rc = peek(p) == '"' ? parse_quoted(p) : parse_bare(p);
	*out = kept_since(p, start);
	skip_spaces(p);
	return rc;
}

static int view_cmp(struct view a, struct view b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int c = n ? memcmp(a.data, b.data, n) : 0;

	return c ? c : (a.len > b.len) - (a.len < b.len);
}

/* Labels are kept sorted while they arrive: sixteen at most. */
static int add_label(struct parser *p, struct view name, struct view value)
{
	struct series_key *key = p->key;
	size_t i = key->n_labels;

	if (i == SERIES_LABELS_MAX)
		return fail(p, ERR_RANGE, "more than 16 labels; drop some");
	for (; i > 0; i--) {
		int c = view_cmp(key->labels[i - 1].name, name);
		if (c == 0)
			return fail(p, ERR_SYNTAX, "a label is given twice");
		if (c < 0)
			break;
		key->labels[i] = key->labels[i - 1];
	}
	key->labels[i] = (struct series_label){ name, value };
	key->n_labels++;
	return 0;
}

static int parse_labels(struct parser *p)
{
	struct view name = { NULL, 0 }, value = { NULL, 0 };
	int rc;

	p->pos++;
	skip_spaces(p);
	while (peek(p) != '}') {
		rc = parse_word(p, is_label_char, "a label name must match [A-Za-z_][A-Za-z0-9_]*", &name);
		if (rc < 0)
			return rc;
		if (peek(p) != '=')
			return fail(p, ERR_SYNTAX, "= must follow the label name");
		p->pos++;
		rc = parse_value(p, &value);
		if (rc == 0)
			rc = add_label(p, name, value);
		if (rc < 0)
			return rc;
		if (peek(p) == ',')
			p->pos++;
		else if (peek(p) != '}')
			return fail(p, ERR_SYNTAX, ", or } must follow a label value");
		skip_spaces(p);
	}
	p->pos++;
	skip_spaces(p);
	return 0;
}

int series_key_parse(struct view text, struct series_key *key, struct err *err)
{
	struct parser p = { .in = text, .key = key, .err = err };
	int rc;

	key->n_labels = 0;
	key->name = (struct view){ key->text, 0 };
	if (text.len > SERIES_KEY_MAX) {
		p.pos = SERIES_KEY_MAX;
		return fail(&p, ERR_RANGE, "longer than 512 bytes");
	}
	p.pos = utf8_valid_prefix(text.data, text.len);
	if (p.pos < text.len)
		return fail(&p, ERR_SYNTAX, "not valid UTF-8");
	p.pos = 0;
	rc = parse_word(&p, is_name_char,
			"the name must match [A-Za-z_][A-Za-z0-9_.:-]*, as in app.queue{q=mail}", &key->name);
	if (rc == 0 && peek(&p) == '{')
		rc = parse_labels(&p);
	if (rc == 0 && peek(&p) >= 0)
		rc = fail(&p, ERR_SYNTAX, "unexpected text; write name{label=value,label2=value2}");
	return rc;
}

static void format_value(struct view value, struct buf *out)
{
	bool quote = false;

	for (size_t i = 0; i < value.len && !quote; i++)
		quote = needs_quotes((unsigned char)value.data[i]);
	if (!quote) {
		buf_view(out, value);
		return;
	}
	buf_putc(out, '"');
	for (size_t i = 0; i < value.len; i++) {
		if (value.data[i] == '"' || value.data[i] == '\\')
			buf_putc(out, '\\');
		buf_putc(out, value.data[i]);
	}
	buf_putc(out, '"');
}

void series_key_format(const struct series_key *key, struct buf *out)
{
	buf_view(out, key->name);
	for (size_t i = 0; i < key->n_labels; i++) {
		buf_putc(out, i ? ',' : '{');
		buf_view(out, key->labels[i].name);
		buf_putc(out, '=');
		format_value(key->labels[i].value, out);
	}
	if (key->n_labels)
		buf_putc(out, '}');
}

int series_key_canonical(struct view text, struct buf *out, struct err *err)
{
	struct series_key key;
	int rc = series_key_parse(text, &key, err);

	if (rc < 0)
		return rc;
	series_key_format(&key, out);
	return out->failed ? -ENOMEM : 0;
}

struct view series_key_label(const struct series_key *key, struct view name)
{
	for (size_t i = 0; i < key->n_labels; i++)
		if (view_eq(key->labels[i].name, name))
			return key->labels[i].value;
	return (struct view){ NULL, 0 };
}

/* One star to go back to is enough: an earlier star cannot match more than the latest one can. */
bool series_key_match(struct view pattern, struct view key)
{
	size_t p = 0, k = 0, star = SIZE_MAX, mark = 0;

	while (k < key.len) {
		if (p < pattern.len && pattern.data[p] == '*') {
			star = p++;
			mark = k;
		} else if (p < pattern.len && (pattern.data[p] == '?' || pattern.data[p] == key.data[k])) {
			p++;
			k++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			k = ++mark;
		} else {
			return false;
		}
	}
	while (p < pattern.len && pattern.data[p] == '*')
		p++;
	return p == pattern.len;
}
