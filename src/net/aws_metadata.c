#include "aws_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define ENDPOINT_TIMEOUT_MS 1000
#define ANSWER_MAX          ((size_t)64 * 1024)
#define TOKEN_FILE_MAX      8192
#define CONTAINER_HOST      "http://169.254.170.2"
#define METADATA_HOST       "http://169.254.169.254"
#define ROLES               "/latest/meta-data/iam/security-credentials/"

/* --- one question ----------------------------------------------------------------------------------------------------------- */

static void on_answer(void *arg, const struct http_answer *a)
{
	struct aws_provider *p = arg;
	p->outside = false;
	if (!aws_provider_gone(p))
		p->then(p, a);
}

/* `header` may be empty. */
static int ask(struct aws_provider *p, const char *method, const char *url, const char *header,
	       void (*then)(struct aws_provider *p, const struct http_answer *a), struct err *err)
{
	struct http_call call = { .method = method,
				  .url = url,
				  .headers = &header,
				  .n_headers = *header ? 1 : 0,
				  .timeout_ms = ENDPOINT_TIMEOUT_MS,
				  .connect_timeout_ms = ENDPOINT_TIMEOUT_MS,
				  .max_answer = ANSWER_MAX,
				  .direct = true };
	p->then = then;
	int rc = http_client_start(p->http, &call, on_answer, p, &p->call, err);
	p->outside = rc == 0;
	return rc;
}

static void fail_nothing_found(struct aws_provider *p)
{
	struct err err = { 0 };
	err_set(&err, ERR_MISSING, NULL, "NoCredentialsError: Unable to locate credentials");
	aws_provider_failed(p, &err);
}

static void fail_retrieval(struct aws_provider *p, const char *source, int code, const char *why)
{
	struct err err = { 0 };
	err_set(&err, code, NULL,
		"CredentialRetrievalError: Error when retrieving credentials from %s: %.300s", source, why);
	aws_provider_failed(p, &err);
}

static void take_document(struct aws_provider *p, const struct http_answer *a, const char *source)
{
	struct aws_held held = { 0 };
	struct err why = { 0 };
	if (a->code < 0)
		err_set(&why, a->code, NULL, "%s", a->error);
	else if (a->status != 200)
		err_set(&why, ERR_DENIED, NULL, "HTTP status %d", a->status);
	else
		aws_document_read(a->body, &held, &why);
	if (held.id)
		aws_provider_found(p, &held, source);
	else
		fail_retrieval(p, source, why.code, why.text);
}

/* --- the machine's metadata service ---------------------------------------------------------------------------------------------- */

static void metadata_url(const struct aws_provider *p, const char *path, struct buf *out)
{
	const char *host = aws_env(p->options.env, "AWS_EC2_METADATA_SERVICE_ENDPOINT");
	struct view v = view_of(host ? host : METADATA_HOST);
	while (v.len && v.data[v.len - 1] == '/')
		v.len--;
	buf_clear(out);
	buf_view(out, v);
	buf_puts(out, path);
}

static void on_role_document(struct aws_provider *p, const struct http_answer *a)
{
	take_document(p, a, "iam-role");
}

/* The first line names the role. */
static void on_roles(struct aws_provider *p, const struct http_answer *a)
{
	struct err err = { 0 };
	size_t n = 0;
	while (n < a->body.len && (unsigned char)a->body.data[n] > ' ' && a->body.data[n] != 0x7f)
		n++;
	if (a->code < 0 || a->status != 200 || n == 0) { /* a machine without a role */
		fail_nothing_found(p);
		return;
	}
	struct buf path;
	buf_init(&path);
	buf_puts(&path, ROLES);
	buf_append(&path, a->body.data, n);
	metadata_url(p, buf_str(&path), &p->role);
	buf_fini(&path);
	if (ask(p, "GET", buf_str(&p->role), buf_str(&p->token), on_role_document, &err) < 0)
		fail_retrieval(p, "iam-role", err.code, err.text);
}

static void on_token(struct aws_provider *p, const struct http_answer *a)
{
	struct err err = { 0 };
	struct view token = view_trim(a->body);
	buf_clear(&p->token);
	buf_puts(&p->token, "X-aws-ec2-metadata-token: ");
	buf_view(&p->token, token);
	metadata_url(p, ROLES, &p->role);
	if (a->code < 0 || a->status != 200 || !token.len ||
	    ask(p, "GET", buf_str(&p->role), buf_str(&p->token), on_roles, &err) < 0)
		fail_nothing_found(p); /* no such service: this is no machine of AWS's */
}

static void ask_metadata(struct aws_provider *p)
{
	struct err err = { 0 };
	const char *disabled = aws_env(p->options.env, "AWS_EC2_METADATA_DISABLED");
	metadata_url(p, "/latest/api/token", &p->role);
	if ((disabled && view_ieq(view_of(disabled), VIEW("true"))) ||
	    ask(p, "PUT", buf_str(&p->role), "X-aws-ec2-metadata-token-ttl-seconds: 21600", on_token, &err) <
		    0)
		fail_nothing_found(p);
}

/* --- the container's endpoint ------------------------------------------------------------------------------------------------------ */

static void on_container_document(struct aws_provider *p, const struct http_answer *a)
{
	take_document(p, a, "container-role");
}

/* Credentials go in clear over http, so only to this machine and to the addresses that AWS gives its agents. */
static bool may_be_asked(const char *url)
{
	static const char *const hosts[] = { "localhost",     "127.0.0.1",      "[::1]",
					     "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]" };
	if (strncmp(url, "https://", 8) == 0)
		return true;
	if (strncmp(url, "http://", 7) != 0)
		return false;
	const char *host = url + 7;
	size_t n = *host == '[' ? strcspn(host, "]/") + 1 : strcspn(host, ":/?#");
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
		if (strlen(hosts[i]) == n && strncmp(hosts[i], host, n) == 0 && strchr(":/?", host[n]))
			return true;
	return false;
}

/* "Authorization: …", or nothing. */
static void authorization(const struct aws_provider *p, struct buf *out)
{
	const char *file = aws_env(p->options.env, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
	const char *token = aws_env(p->options.env, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
	char text[TOKEN_FILE_MAX];
	struct view v = view_of(token);
	int fd = file ? open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
	if (fd >= 0) {
		ssize_t n = read(fd, text, sizeof(text));
		v = view_trim((struct view){ text, n > 0 ? (size_t)n : 0 });
		close(fd);
	}
	buf_clear(out);
	if (!v.len || memchr(v.data, '\0', v.len))
		return;
	buf_puts(out, "Authorization: ");
	buf_view(out, v);
	explicit_bzero(text, sizeof(text));
}

/* False when no container says where to ask. */
static bool ask_container(struct aws_provider *p)
{
	const char *relative = aws_env(p->options.env, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
	const char *full = aws_env(p->options.env, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
	struct err err = { 0 };
	if (!relative && !full)
		return false;
	buf_clear(&p->role);
	buf_puts(&p->role, relative ? CONTAINER_HOST : "");
	buf_puts(&p->role, relative ? relative : full);
	authorization(p, &p->token);
	if (!may_be_asked(buf_str(&p->role)))
		err_set(&err, ERR_DENIED, NULL, "%.200s is neither https nor on this machine",
			buf_str(&p->role));
	if (err.code < 0 ||
	    ask(p, "GET", buf_str(&p->role), buf_str(&p->token), on_container_document, &err) < 0)
		fail_retrieval(p, "container-role", err.code, err.text);
	return true;
}

void aws_metadata_start(struct aws_provider *p)
{
	if (!ask_container(p))
		ask_metadata(p);
}
