/* Errors in the form the family's clients know. */
#include "http_impl.h"

static void error_json(struct http_request *r, struct view sentence)
{
	r->type = "application/json";
	struct jw *w = http_json(r);
	jw_obj(w, NULL);
	jw_str(w, r->family == FAMILY_FLEET ? "detail" : "error", sentence);
	jw_end(w);
}

static void error_text(struct http_request *r, struct view sentence)
{
	r->type = "text/plain; charset=utf-8";
	buf_view(&r->reply, sentence);
	buf_putc(&r->reply, '\n');
}

void http_error(struct http_request *r, int status, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	if (r->phase == PHASE_ANSWERED || r->phase == PHASE_STREAM)
		return;
	va_start(ap, fmt);
	int n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	struct view sentence = { text, n < 0 ? 0 : n < (int)sizeof(text) ? (size_t)n : sizeof(text) - 1 };
	buf_clear(&r->reply);
	r->json = false;
	if (r->family == FAMILY_RETRY)
		error_text(r, sentence);
	else
		error_json(r, sentence);
	http_send(r, status);
}

void http_reject(struct http_request *r, int status, const char *why)
{
	r->keep_alive = false;
	r->conn->linger_after = true;
	http_error(r, status, "%s", why);
}
