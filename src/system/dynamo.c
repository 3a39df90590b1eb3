#include "dynamo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define CONNECT_TIMEOUT_MS 5000
#define CALL_TIMEOUT_MS    15000
#define ANSWER_MAX         ((size_t)4 << 20)
#define SKEW_MIN_NS        (2 * NS_PER_S) /* less than that is the way and the seconds of a Date */
#define TARGET             "DynamoDB_20120810."

struct dynamo {
	struct http_client *http;
	struct aws_provider *provider;
	const struct clock *clock;
	char *url;
	struct view host, path; /* of the URL */
	char region[AWS_REGION_SIZE];
	int64_t skew_ns; /* their clock less ours, as far as signing goes */
	/* the call under way; op NULL: none */
	const char *op;
	struct buf body;
	bool again; /* it was made once more already */
	bool flying;
	uint64_t id;
	void (*done)(void *arg, const struct dynamo_fault *fault, struct view answer);
	void *arg;
	bool closing;
	void (*close_cb)(void *arg);
	void *close_arg;
};

/* --- where ------------------------------------------------------------------------------------------------------------------- */

static const char *env_of(const char *const *env, const char *name)
{
	size_t n = strlen(name);
	for (; env && *env; env++)
		if (strncmp(*env, name, n) == 0 && (*env)[n] == '=')
			return (*env)[n + 1] ? *env + n + 1 : NULL;
	return NULL;
}

static const char *endpoint_of(const struct dynamo_options *o)
{
	const char *url = o->endpoint_url && *o->endpoint_url ? o->endpoint_url : NULL;
	if (!url)
		url = env_of(o->env, "AWS_ENDPOINT_URL_DYNAMODB");
	return url ? url : env_of(o->env, "AWS_ENDPOINT_URL");
}

static int set_url(struct dynamo *d, const struct dynamo_options *o, struct err *err)
{
	struct buf b;
	const char *given = endpoint_of(o);
	buf_init(&b);
	if (given)
		buf_puts(&b, given);
	else
		buf_printf(&b, "https://dynamodb.%s.amazonaws.com%s/", d->region,
			   strncmp(d->region, "cn-", 3) == 0 ? ".cn" : "");
	const char *host = strstr(buf_str(&b), "://");
	if (host && !strchr(host + 3, '/'))
		buf_putc(&b, '/');
	d->url = b.failed ? NULL : strdup(buf_str(&b));
	buf_fini(&b);
	return d->url ? 0 : err_set(err, -ENOMEM, NULL, "out of memory");
}

/* Cuts host and path out of the URL and refuses what cannot be signed. */
static int check_url(struct dynamo *d, struct err *err)
{
	const char *host = strstr(d->url, "://");
	bool web = strncmp(d->url, "http://", 7) == 0 || strncmp(d->url, "https://", 8) == 0;
	size_t n = host ? strcspn(host + 3, "/") : 0;
	bool clean = true;
	for (const char *p = d->url; *p; p++)
		clean = clean && (unsigned char)*p > ' ' && *p != 0x7f;
	if (!web || !clean || n == 0 || memchr(host + 3, '@', n) || strpbrk(host, "?#"))
		return err_set(err, -EINVAL, NULL,
			       "Invalid endpoint: %.200s: it must be like http://host:port or https://host",
			       d->url);
	d->host = (struct view){ host + 3, n };
	d->path = view_of(host + 3 + n);
	return 0;
}

/* --- life --------------------------------------------------------------------------------------------------------------------- */

static void dynamo_free(struct dynamo *d)
{
	buf_fini(&d->body);
	free(d->url);
	free(d);
}

int dynamo_new(struct dynamo **out, uv_loop_t *loop, struct http_client *http,
	       const struct dynamo_options *options, const struct clock *clock, struct err *err)
{
	struct aws_provider_options aws = { options->env, options->profile };
	struct dynamo *d = calloc(1, sizeof(*d));
	*out = NULL;
	if (!d)
		return err_set(err, -ENOMEM, NULL, "out of memory");
	d->http = http;
	d->clock = clock;
	buf_init(&d->body);
	int rc = aws_region(&aws, options->region, d->region, err);
	if (rc == 0)
		rc = set_url(d, options, err);
	if (rc == 0)
		rc = check_url(d, err);
	if (rc == 0) {
		rc = aws_provider_new(&d->provider, loop, http, &aws, clock);
		if (rc < 0)
			err_set(err, rc, NULL, "%s", err_text(rc));
	}
	if (rc < 0) {
		dynamo_free(d);
		return rc;
	}
	*out = d;
	return 0;
}

const char *dynamo_url(const struct dynamo *d)
{
	return d->url;
}

const char *dynamo_region(const struct dynamo *d)
{
	return d->region;
}

static void on_provider_closed(void *arg)
{
	struct dynamo *d = arg;
	void (*cb)(void *) = d->close_cb;
	void *cb_arg = d->close_arg;
	dynamo_free(d);
	if (cb)
		cb(cb_arg);
}

void dynamo_close(struct dynamo *d, void (*cb)(void *arg), void *arg)
{
	if (d->closing)
		return;
	d->closing = true;
	d->close_cb = cb;
	d->close_arg = arg;
	if (d->flying)
		http_client_cancel(d->http, d->id);
	else
		aws_provider_close(d->provider, on_provider_closed, d);
}

/* --- a call ---------------------------------------------------------------------------------------------------------------------- */

static void finish(struct dynamo *d, const struct dynamo_fault *fault, struct view answer)
{
	d->op = NULL;
	d->done(d->arg, fault, answer);
}

static void fail(struct dynamo *d, enum dynamo_verdict verdict, const char *text)
{
	struct dynamo_fault f = { .verdict = verdict };
	snprintf(f.text, sizeof(f.text), "%s", text);
	finish(d, &f, (struct view){ NULL, 0 });
}

static void ask_for_credentials(struct dynamo *d);

/* True when the service's clock was news to us. */
static bool adopt_clock(struct dynamo *d, const struct http_answer *a)
{
	wall_ns theirs;
	if (http_date_parse(http_answer_header(a, "Date"), &theirs) < 0)
		return false;
	int64_t skew = theirs - clock_wall_ns(d->clock), change = skew - d->skew_ns;
	if (change > -SKEW_MIN_NS && change < SKEW_MIN_NS)
		return false;
	d->skew_ns = skew;
	return true;
}

static bool worth_once_more(struct dynamo *d, const struct dynamo_fault *f, const struct http_answer *a)
{
	if (d->again)
		return false;
	if (f->verdict == DYNAMO_SKEWED)
		return adopt_clock(d, a);
	return f->verdict == DYNAMO_CREDENTIALS; /* they are looked for anew */
}

static void on_answer(void *arg, const struct http_answer *a)
{
	struct dynamo *d = arg;
	struct dynamo_fault fault;
	d->flying = false;
	if (d->closing) {
		aws_provider_close(d->provider, on_provider_closed, d);
		return;
	}
	dynamo_fault_read(&fault, a, d->op, d->url);
	if (fault.verdict == DYNAMO_CREDENTIALS)
		aws_provider_forget(d->provider);
	if (worth_once_more(d, &fault, a)) {
		d->again = true;
		ask_for_credentials(d);
	} else {
		finish(d, &fault, a->body);
	}
}

static int send_signed(struct dynamo *d, const struct aws_key *key, struct err *err)
{
	char target[80];
	int len = snprintf(target, sizeof(target), TARGET "%s", d->op);
	struct aws_header headers[] = { { "Content-Type", VIEW("application/x-amz-json-1.0") },
					{ "X-Amz-Target", { target, (size_t)len } } };
	struct aws_request r = { .method = "POST",
				 .host = d->host,
				 .path = d->path,
				 .headers = headers,
				 .n_headers = 2,
				 .body = { d->body.data, d->body.len },
				 .region = d->region,
				 .service = "dynamodb" };
	struct aws_signed s;
	aws_signed_init(&s);
	int rc = aws_sign(&r, key, clock_wall_ns(d->clock) + d->skew_ns, &s);
	if (rc == 0) {
		struct http_call call = { .method = "POST",
					  .url = d->url,
					  .headers = s.lines,
					  .n_headers = s.n,
					  .body = r.body,
					  .timeout_ms = CALL_TIMEOUT_MS,
					  .connect_timeout_ms = CONNECT_TIMEOUT_MS,
					  .max_answer = ANSWER_MAX };
		rc = http_client_start(d->http, &call, on_answer, d, &d->id, err);
	} else {
		err_set(err, rc, NULL, "%s", err_text(rc));
	}
	aws_signed_fini(&s);
	return rc;
}

static void on_credentials(void *arg, const struct aws_credentials *c, const struct err *why)
{
	struct dynamo *d = arg;
	struct err err = { 0 };
	if (d->closing) /* the provider's end frees it */
		return;
	if (!c) {
		fail(d, DYNAMO_CREDENTIALS, why->text);
		return;
	}
	d->flying = send_signed(d, &c->key, &err) == 0;
	if (!d->flying)
		fail(d, DYNAMO_CREDENTIALS, err.text);
}

static void ask_for_credentials(struct dynamo *d)
{
	int rc = aws_provider_get(d->provider, on_credentials, d);
	if (rc < 0)
		fail(d, DYNAMO_SERVER, err_text(rc));
}

int dynamo_call(struct dynamo *d, const char *op, struct view body,
		void (*done)(void *arg, const struct dynamo_fault *fault, struct view answer), void *arg)
{
	if (d->closing)
		return ERR_CLOSED;
	if (d->op)
		return -EBUSY;
	buf_clear(&d->body);
	buf_view(&d->body, body);
	if (d->body.failed)
		return -ENOMEM;
	int rc = aws_provider_get(d->provider, on_credentials, d);
	if (rc < 0)
		return rc;
	d->op = op;
	d->again = false;
	d->done = done;
	d->arg = arg;
	return 0;
}
