#include "net/aws_sign.h"

#include "base/digest.h"
#include "base/err.h"
#include "base/timefmt.h"

#include <errno.h>
#include <strings.h>

#define ALGORITHM    "AWS4-HMAC-SHA256"
#define HEX_SIZE     (2 * SHA256_SIZE + 1)
#define DAY_LEN      8 /* of an aws_date, "20261122" */
#define FIELDS_EXTRA 4 /* Host, X-Amz-Date, X-Amz-Security-Token, X-Amz-Content-Sha256 */

/* Everything one signature is made of. */
struct signing {
	const struct aws_request *r;
	const struct aws_key *key;
	char date[AWS_DATE_SIZE];
	char body_hash[HEX_SIZE];
	struct aws_header fields[AWS_SIGN_MAX_HEADERS + FIELDS_EXTRA]; /* as sent */
	const struct aws_header *sorted[AWS_SIGN_MAX_HEADERS + FIELDS_EXTRA];
	size_t n;
};

void aws_date(wall_ns now, char out[AWS_DATE_SIZE])
{
	char text[TIMEFMT_MAX]; /* "2026-11-22T20:10:10…Z" */
	time_format_rfc3339(now, 0, text);
	char *p = out;
	for (int i = 0; i < 19; i++)
		if (text[i] != '-' && text[i] != ':')
			*p++ = text[i];
	*p++ = 'Z';
	*p = '\0';
}

static void hash_hex(struct view v, char out[HEX_SIZE])
{
	unsigned char hash[SHA256_SIZE];
	sha256(v.data, v.len, hash);
	hex_encode(hash, sizeof(hash), out);
}

/* --- what is signed ------------------------------------------------------------------------------------------------- */

static void add_field(struct signing *s, const char *name, struct view value)
{
	s->fields[s->n++] = (struct aws_header){ name, value };
}

/* Stable: values of one name keep their order. */
static void sort_fields(struct signing *s)
{
	for (size_t i = 0; i < s->n; i++) {
		size_t k = i;
		for (; k > 0 && strcasecmp(s->sorted[k - 1]->name, s->fields[i].name) > 0; k--)
			s->sorted[k] = s->sorted[k - 1];
		s->sorted[k] = &s->fields[i];
	}
}

static int signing_init(struct signing *s, const struct aws_request *r, const struct aws_key *key,
			wall_ns now)
{
	if (r->n_headers > AWS_SIGN_MAX_HEADERS)
		return ERR_FULL;
	if (!key->id || !*key->id || !key->secret || !*key->secret || !r->region || !*r->region ||
	    !r->service || !*r->service)
		return ERR_MISSING;
	s->r = r;
	s->key = key;
	s->n = 0;
	aws_date(now, s->date);
	hash_hex(r->body, s->body_hash);
	add_field(s, "Host", r->host);
	for (size_t i = 0; i < r->n_headers; i++)
		add_field(s, r->headers[i].name, r->headers[i].value);
	add_field(s, "X-Amz-Date", view_of(s->date));
	if (key->token && *key->token)
		add_field(s, "X-Amz-Security-Token", view_of(key->token));
	if (r->flags & AWS_SIGN_BODY_HASH)
		add_field(s, "X-Amz-Content-Sha256", view_of(s->body_hash));
	sort_fields(s);
	return 0;
}

/* --- the canonical request ------------------------------------------------------------------------------------------- */

static bool is_unreserved(unsigned char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
	       c == '.' || c == '_' || c == '~';
}

static void put_path(const struct signing *s, struct buf *out)
{
	struct view path = s->r->path.len ? s->r->path : VIEW("/");
	for (size_t i = 0; i < path.len; i++) {
		unsigned char c = (unsigned char)path.data[i];
		if (c == '/' || is_unreserved(c) || s->r->flags & AWS_SIGN_PATH_AS_SENT)
			buf_putc(out, (char)c);
		else
			buf_printf(out, "%%%02X", c);
	}
}

/* The parameter that begins at *rest, which then stands behind it; false at the end. */
static bool next_parameter(struct view *rest, struct view *parameter)
{
	while (rest->len && *rest->data == '&')
		*rest = (struct view){ rest->data + 1, rest->len - 1 };
	if (!rest->len)
		return false;
	const char *end = memchr(rest->data, '&', rest->len);
	size_t n = end ? (size_t)(end - rest->data) : rest->len;
	*parameter = (struct view){ rest->data, n };
	*rest = (struct view){ rest->data + n, rest->len - n };
	return true;
}

/* By name, then by value; the '=' between them sorts below everything that may stand in a name. */
static int parameter_cmp(struct view a, struct view b)
{
	size_t i = 0;
	for (; i < a.len && i < b.len; i++) {
		unsigned char x = (unsigned char)(a.data[i] == '=' ? 0 : a.data[i]);
		unsigned char y = (unsigned char)(b.data[i] == '=' ? 0 : b.data[i]);
		if (x != y)
			return x < y ? -1 : 1;
	}
	return (int)(a.len > i) - (int)(b.len > i);
}

/* Selection instead of a sorted copy: queries are short, and nothing need be allocated. Equal ones follow each other by
 * their place in the text. */
static void put_query(struct view query, struct buf *out)
{
	struct view last = { NULL, 0 }, best, p;
	for (bool first = true;; first = false) {
		struct view rest = query;
		best = (struct view){ NULL, 0 };
		while (next_parameter(&rest, &p)) {
			int after = last.data ? parameter_cmp(p, last) : 1;
			bool later = after > 0 || (after == 0 && p.data > last.data);
			if (later && (!best.data || parameter_cmp(p, best) < 0))
				best = p;
		}
		if (!best.data)
			return;
		if (!first)
			buf_putc(out, '&');
		buf_view(out, best);
		if (!memchr(best.data, '=', best.len))
			buf_putc(out, '=');
		last = best;
	}
}

static void put_lower(const char *s, struct buf *out)
{
	for (; *s; s++)
		buf_putc(out, *s >= 'A' && *s <= 'Z' ? (char)(*s + 32) : *s);
}

/* Trimmed, and runs of spaces as one. */
static void put_value(struct view v, struct buf *out)
{
	v = view_trim(v);
	for (size_t i = 0; i < v.len; i++)
		if (v.data[i] != ' ' || v.data[i - 1] != ' ')
			buf_putc(out, v.data[i]);
}

static bool repeats(const struct signing *s, size_t i)
{
	return i > 0 && strcasecmp(s->sorted[i - 1]->name, s->sorted[i]->name) == 0;
}

static void put_fields(const struct signing *s, struct buf *out)
{
	for (size_t i = 0; i < s->n; i++) {
		if (repeats(s, i)) {
			buf_putc(out, ',');
		} else {
			if (i)
				buf_putc(out, '\n');
			put_lower(s->sorted[i]->name, out);
			buf_putc(out, ':');
		}
		put_value(s->sorted[i]->value, out);
	}
	buf_putc(out, '\n');
}

static void put_names(const struct signing *s, struct buf *out)
{
	for (size_t i = 0; i < s->n; i++) {
		if (repeats(s, i))
			continue;
		if (i)
			buf_putc(out, ';');
		put_lower(s->sorted[i]->name, out);
	}
}

static void put_canonical(const struct signing *s, struct buf *out)
{
	buf_puts(out, s->r->method ? s->r->method : "GET");
	buf_putc(out, '\n');
	put_path(s, out);
	buf_putc(out, '\n');
	put_query(s->r->query, out);
	buf_putc(out, '\n');
	put_fields(s, out);
	buf_putc(out, '\n');
	put_names(s, out);
	buf_putc(out, '\n');
	buf_puts(out, s->body_hash);
}

int aws_sign_canonical(const struct aws_request *r, const struct aws_key *key, wall_ns now, struct buf *out)
{
	struct signing s;
	int rc = signing_init(&s, r, key, now);
	if (rc < 0)
		return rc;
	put_canonical(&s, out);
	return out->failed ? -ENOMEM : 0;
}

/* --- the signature ---------------------------------------------------------------------------------------------------- */

static void put_scope(const struct signing *s, struct buf *out)
{
	buf_append(out, s->date, DAY_LEN);
	buf_printf(out, "/%s/%s/aws4_request", s->r->region, s->r->service);
}

static void derive(unsigned char key[SHA256_SIZE], struct view text)
{
	unsigned char next[SHA256_SIZE];
	hmac_sha256((struct view){ (const char *)key, SHA256_SIZE }, text.data, text.len, next);
	memcpy(key, next, SHA256_SIZE);
}

/* `scratch` holds the secret for a moment and is wiped. */
static int sign_text(const struct signing *s, struct view text, struct buf *scratch, char out[HEX_SIZE])
{
	unsigned char key[SHA256_SIZE];
	buf_clear(scratch);
	buf_puts(scratch, "AWS4");
	buf_puts(scratch, s->key->secret);
	if (scratch->failed)
		return -ENOMEM;
	hmac_sha256((struct view){ scratch->data, scratch->len }, s->date, DAY_LEN, key);
	explicit_bzero(scratch->data, scratch->len);
	derive(key, view_of(s->r->region));
	derive(key, view_of(s->r->service));
	derive(key, VIEW("aws4_request"));
	derive(key, text);
	hex_encode(key, sizeof(key), out);
	explicit_bzero(key, sizeof(key));
	return 0;
}

static int signature(const struct signing *s, char out[HEX_SIZE])
{
	struct buf text, scratch;
	char hash[HEX_SIZE];
	buf_init(&text);
	buf_init(&scratch);
	put_canonical(s, &text);
	hash_hex((struct view){ text.data, text.len }, hash);
	bool failed = text.failed;
	buf_clear(&text);
	buf_printf(&text, ALGORITHM "\n%s\n", s->date);
	put_scope(s, &text);
	buf_printf(&text, "\n%s", hash);
	int rc = failed || text.failed ? -ENOMEM : 0;
	if (rc == 0)
		rc = sign_text(s, (struct view){ text.data, text.len }, &scratch, out);
	buf_fini(&text);
	buf_fini(&scratch);
	return rc;
}

static void put_lines(const struct signing *s, const char *signed_by, struct aws_signed *out)
{
	struct buf *b = &out->text;
	for (size_t i = 0; i < s->n; i++) {
		buf_printf(b, "%s: ", s->fields[i].name);
		buf_view(b, s->fields[i].value);
		buf_putc(b, '\0');
	}
	buf_printf(b, "Authorization: " ALGORITHM " Credential=%s/", s->key->id);
	put_scope(s, b);
	buf_puts(b, ", SignedHeaders=");
	put_names(s, b);
	buf_printf(b, ", Signature=%s", signed_by);
	buf_putc(b, '\0');
	if (b->failed)
		return;
	const char *line = b->data; /* only now does the text stay where it is */
	for (out->n = 0; out->n < s->n + 1; line += strlen(line) + 1)
		out->lines[out->n++] = line;
}

void aws_signed_init(struct aws_signed *s)
{
	s->n = 0;
	buf_init(&s->text);
}

int aws_sign(const struct aws_request *r, const struct aws_key *key, wall_ns now, struct aws_signed *out)
{
	struct signing s;
	char signed_by[HEX_SIZE];
	out->n = 0;
	buf_clear(&out->text);
	int rc = signing_init(&s, r, key, now);
	if (rc == 0)
		rc = signature(&s, signed_by);
	if (rc == 0)
		put_lines(&s, signed_by, out);
	return out->text.failed ? -ENOMEM : rc;
}

void aws_signed_fini(struct aws_signed *s)
{
	if (s->text.data)
		explicit_bzero(s->text.data, s->text.cap);
	buf_fini(&s->text);
	s->n = 0;
}
