/* From bytes to a request: the head is cut out strictly here, and read by llhttp.
 *
 * llhttp is fed one complete head at a time. What it leaves open is closed before (http_head_find: CR LF
 * only, no NUL, no folded lines) and after it (head_check: one Host, one way to tell the body's length). The
 * body never reaches llhttp.
 */
#include "http_impl.h"

#include <llhttp.h>
#include <strings.h>

int http_head_find(const char *data, size_t len, uint32_t *scanned)
{
	size_t at = *scanned;

	while (at < len) {
		const char *lf = memchr(data + at, '\n', len - at);
		if (!lf)
			return 0;
		size_t line = (size_t)(lf - data) - at; /* with its CR */
		if (line == 0 || lf[-1] != '\r')
			return -400;
		if (line > 1 && memchr(data + at, '\r', line - 1))
			return -400;
		if (memchr(data + at, 0, line))
			return -400;
		if (line == 1)
			return (int)(lf + 1 - data);
		if (at > 0 && (data[at] == ' ' || data[at] == '\t'))
			return -400;
		at = (size_t)(lf + 1 - data);
		*scanned = (uint32_t)at;
	}
	return 0;
}

static int on_url(llhttp_t *p, const char *at, size_t len)
{
	struct http_request *r = p->data;
	if (!r->target.data)
		r->target.data = at;
	r->target.len = (size_t)(at + len - r->target.data);
	return 0;
}

/* Spans may come in pieces; the head is contiguous, so a piece belongs to the line before it exactly when it
 * touches it. */
static int on_header_field(llhttp_t *p, const char *at, size_t len)
{
	struct http_request *r = p->data;
	struct view *last = r->n_headers ? &r->headers[r->n_headers - 1].name : NULL;

	if (last && last->data + last->len == at) {
		last->len += len;
		return 0;
	}
	if (r->n_headers == HTTP_HEADERS_MAX)
		return HPE_USER;
	r->headers[r->n_headers++] = (struct http_header_line){ .name = { at, len } };
	return 0;
}

static int on_header_value(llhttp_t *p, const char *at, size_t len)
{
	struct http_request *r = p->data;
	if (r->n_headers == 0)
		return HPE_USER;
	struct view *v = &r->headers[r->n_headers - 1].value;
	if (!v->data)
		v->data = at;
	v->len = (size_t)(at + len - v->data);
	return 0;
}

static int on_headers_complete(llhttp_t *p)
{
	struct http_request *r = p->data;
	r->keep_alive = llhttp_should_keep_alive(p) != 0;
	return 1; /* the body is ours */
}

static const llhttp_settings_t settings = {
	.on_url = on_url,
	.on_header_field = on_header_field,
	.on_header_value = on_header_value,
	.on_headers_complete = on_headers_complete,
};

static enum http_method method_of(uint8_t m)
{
	switch (m) {
	case HTTP_GET:
		return METHOD_GET;
	case HTTP_HEAD:
		return METHOD_HEAD;
	case HTTP_POST:
		return METHOD_POST;
	case HTTP_PUT:
		return METHOD_PUT;
	case HTTP_DELETE:
		return METHOD_DELETE;
	case HTTP_OPTIONS:
		return METHOD_OPTIONS;
	default:
		return 0;
	}
}

static const struct {
	struct view name;
	enum http_known known;
} known_names[] = {
	{ VIEW("host"), KNOWN_HOST },
	{ VIEW("content-length"), KNOWN_LENGTH },
	{ VIEW("transfer-encoding"), KNOWN_ENCODING },
	{ VIEW("expect"), KNOWN_EXPECT },
	{ VIEW("origin"), KNOWN_ORIGIN },
	{ VIEW("sec-fetch-site"), KNOWN_FETCH_SITE },
	{ VIEW("cookie"), KNOWN_COOKIE },
	{ VIEW("authorization"), KNOWN_AUTHORIZATION },
	{ VIEW("x-api-key"), KNOWN_API_KEY },
};

static void header_note(struct http_request *r, unsigned index)
{
	struct http_header_line *h = &r->headers[index];
	h->value = view_trim(h->value);
	for (size_t i = 0; i < sizeof(known_names) / sizeof(known_names[0]); i++) {
		if (known_names[i].name.len != h->name.len ||
		    strncasecmp(known_names[i].name.data, h->name.data, h->name.len) != 0)
			continue;
		enum http_known k = known_names[i].known;
		if (r->known_seen[k] == 0)
			r->known[k] = (int16_t)index;
		r->known_seen[k] += r->known_seen[k] < 2;
	}
}

struct view http_known_header(const struct http_request *r, enum http_known k)
{
	return r->known[k] < 0 ? (struct view){ 0 } : r->headers[r->known[k]].value;
}

static int length_check(struct http_request *r, const char **why)
{
	struct view v = http_known_header(r, KNOWN_LENGTH);
	*why = "Content-Length is malformed or given twice";
	if (r->known_seen[KNOWN_LENGTH] != 1 || v.len == 0 || v.len > 18)
		return -400;
	for (size_t i = 0; i < v.len; i++) {
		if (v.data[i] < '0' || v.data[i] > '9')
			return -400;
		r->body_left = r->body_left * 10 + (uint64_t)(v.data[i] - '0');
	}
	return 0;
}

static int encoding_check(struct http_request *r, const char **why)
{
	*why = "Transfer-Encoding next to Content-Length, given twice, or in HTTP/1.0";
	if (r->known_seen[KNOWN_ENCODING] != 1 || r->known_seen[KNOWN_LENGTH] || r->http10)
		return -400;
	*why = "only the transfer encoding \"chunked\" is understood";
	if (!view_ieq(http_known_header(r, KNOWN_ENCODING), VIEW("chunked")))
		return -501;
	r->chunked = true;
	return 0;
}

/* What decides where the message ends and whom it is for must be said once and clearly. */
static int head_check(struct http_request *r, const char **why)
{
	int code = 0;

	*why = "exactly one Host header is needed";
	if (r->known_seen[KNOWN_HOST] > 1 || (r->known_seen[KNOWN_HOST] == 0 && !r->http10))
		return -400;
	r->host = http_known_header(r, KNOWN_HOST);
	if (r->known_seen[KNOWN_ENCODING])
		code = encoding_check(r, why);
	else if (r->known_seen[KNOWN_LENGTH])
		code = length_check(r, why);
	r->expects = view_ieq(http_known_header(r, KNOWN_EXPECT), VIEW("100-continue"));
	return code;
}

static int parse_error(struct http_request *r, llhttp_errno_t e, const char **why)
{
	*why = "malformed request";
	if (r->n_headers == HTTP_HEADERS_MAX && e == HPE_USER) {
		*why = "too many header lines";
		return -431;
	}
	if (e == HPE_INVALID_VERSION) {
		*why = "only HTTP/1.0 and HTTP/1.1 are spoken here";
		return -505;
	}
	return -400;
}

/* Length of a method token followed by a space, or 0. */
static size_t method_token(const char *data, size_t len)
{
	size_t n = 0;
	while (n < len && n < 32 && ((data[n] >= 'A' && data[n] <= 'Z') || data[n] == '-' || data[n] == '_'))
		n++;
	return n < len && data[n] == ' ' ? n : 0;
}

/* llhttp refuses methods it does not know; ours is to answer them 405. So it gets to see another one in their
 * place. */
static llhttp_errno_t execute(llhttp_t *p, const char *data, size_t len, bool *stranger)
{
	llhttp_errno_t e = llhttp_execute(p, data, len);
	size_t token = e == HPE_INVALID_METHOD ? method_token(data, len) : 0;

	*stranger = token > 0;
	if (!token)
		return e;
	void *r = p->data;
	llhttp_init(p, HTTP_REQUEST, &settings);
	p->data = r;
	e = llhttp_execute(p, "GET", 3);
	return e == HPE_OK ? llhttp_execute(p, data + token, len - token) : e;
}

int http_head_parse(struct http_request *r, size_t len, const char **why)
{
	llhttp_t p;
	bool stranger;

	llhttp_init(&p, HTTP_REQUEST, &settings);
	p.data = r;
	llhttp_errno_t e = execute(&p, r->in + r->in_pos, len, &stranger);

	/* An Upgrade offer is ignored, as RFC 9110 allows: the answer simply is HTTP/1.1. */
	if (e != HPE_OK && e != HPE_PAUSED_UPGRADE)
		return parse_error(r, e, why);
	if (r->target.len && r->target.data - (r->in + r->in_pos) >= 2 && r->target.data[-2] == ' ') {
		*why = "exactly one space stands before the request target";
		return -400;
	}
	if (p.http_major != 1 || p.http_minor > 1) {
		*why = "only HTTP/1.0 and HTTP/1.1 are spoken here";
		return -505;
	}
	r->http10 = p.http_minor == 0;
	r->method = stranger ? 0 : method_of(p.method);
	r->head_only = r->method == METHOD_HEAD;
	for (unsigned i = 0; i < r->n_headers; i++) {
		if (r->headers[i].name.len == 0)
			return -400; /* ": value" passes llhttp */
		header_note(r, i);
	}
	if (r->target.len > HTTP_TARGET_MAX) {
		*why = "the request target is longer than 8192 bytes";
		return -414;
	}
	return head_check(r, why);
}
