/* Response heads, built straight into the output buffer. */
#include "http_impl.h"

#include <stdio.h>
#include <time.h>

const char *http_reason(int status)
{
	static const struct {
		int status;
		const char *reason;
	} rows[] = {
		{ 100, "Continue" },
		{ 200, "OK" },
		{ 201, "Created" },
		{ 202, "Accepted" },
		{ 204, "No Content" },
		{ 206, "Partial Content" },
		{ 301, "Moved Permanently" },
		{ 302, "Found" },
		{ 303, "See Other" },
		{ 304, "Not Modified" },
		{ 307, "Temporary Redirect" },
		{ 308, "Permanent Redirect" },
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 406, "Not Acceptable" },
		{ 408, "Request Timeout" },
		{ 409, "Conflict" },
		{ 410, "Gone" },
		{ 411, "Length Required" },
		{ 413, "Content Too Large" },
		{ 414, "URI Too Long" },
		{ 415, "Unsupported Media Type" },
		{ 421, "Misdirected Request" },
		{ 422, "Unprocessable Content" },
		{ 429, "Too Many Requests" },
		{ 431, "Request Header Fields Too Large" },
		{ 500, "Internal Server Error" },
		{ 501, "Not Implemented" },
		{ 502, "Bad Gateway" },
		{ 503, "Service Unavailable" },
		{ 504, "Gateway Timeout" },
		{ 505, "HTTP Version Not Supported" },
		{ 507, "Insufficient Storage" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].status == status)
			return rows[i].reason;
	}
	return "Status";
}

#define FIXED_LINES "X-Content-Type-Options: nosniff\r\n"

/* Both texts depend on the second only, so they are made once a second. */
static void date_make(struct http_server *s, int64_t now_s)
{
	static const char days[] = "SunMonTueWedThuFriSat", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t t = (time_t)now_s;
	struct tm tm;

	if (!gmtime_r(&t, &tm) || tm.tm_year < 0 || tm.tm_year > 8099) {
		t = 0; /* an absurd clock must not make an absurd header */
		gmtime_r(&t, &tm);
	}
	snprintf(s->date, sizeof(s->date), "%.3s, %02u %.3s %04u %02u:%02u:%02u GMT", days + 3 * tm.tm_wday,
		 (unsigned)tm.tm_mday % 100, months + 3 * tm.tm_mon, (unsigned)(tm.tm_year + 1900) % 10000,
		 (unsigned)tm.tm_hour % 100, (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100);
	s->ok_head_len =
		(size_t)snprintf(s->ok_head, sizeof(s->ok_head),
				 "HTTP/1.1 200 OK\r\nDate: %s\r\n" FIXED_LINES "Content-Type: ", s->date);
	s->date_s = now_s;
}

static void date_update(struct http_server *s)
{
	int64_t now_s = clock_wall_ns(s->clock) / NS_PER_S;
	if (now_s != s->date_s || !s->ok_head_len)
		date_make(s, now_s);
}

static void status_lines(struct http_request *r, int status)
{
	struct http_server *s = r->conn->server;

	buf_puts(&r->out, "HTTP/1.1 ");
	buf_int(&r->out, status);
	buf_putc(&r->out, ' ');
	buf_puts(&r->out, http_reason(status));
	buf_puts(&r->out, "\r\nDate: ");
	buf_puts(&r->out, s->date);
	buf_puts(&r->out, "\r\n" FIXED_LINES);
}

/* The configured origins read the answers of rows that say so; everybody else gets no CORS header at all. */
static void cors_lines(struct http_request *r)
{
	struct view origin = http_known_header(r, KNOWN_ORIGIN);
	if (!r->route || r->route->cors != CORS_LIST || !origin.len || !http_origin_allowed(r, origin))
		return;
	buf_puts(&r->out, "Access-Control-Allow-Origin: ");
	buf_view(&r->out, origin);
	buf_puts(&r->out, "\r\nAccess-Control-Allow-Credentials: true\r\nVary: Origin\r\n");
}

static void connection_line(struct http_request *r)
{
	struct http_conn *c = r->conn;

	if (!r->keep_alive || c->server->closing)
		c->close_after = true;
	if (c->close_after)
		buf_puts(&r->out, "Connection: close\r\n");
	else if (r->http10)
		buf_puts(&r->out, "Connection: keep-alive\r\n");
}

void http_head_write(struct http_request *r, int status, int64_t length)
{
	struct http_server *s = r->conn->server;
	bool bodiless = status == 204 || status == 304;
	const char *type = r->type ? r->type : "application/json";

	date_update(s);
	if (status == 200) {
		buf_append(&r->out, s->ok_head, s->ok_head_len);
	} else {
		status_lines(r, status);
		if (!bodiless)
			buf_puts(&r->out, "Content-Type: ");
	}
	if (!bodiless) {
		buf_puts(&r->out, type);
		if (length >= 0) {
			buf_puts(&r->out, "\r\nContent-Length: ");
			buf_int(&r->out, length);
		} else if (!r->http10) {
			buf_puts(&r->out, "\r\nTransfer-Encoding: chunked");
		}
		buf_append(&r->out, "\r\n", 2);
	}
	if (r->extra.len)
		buf_append(&r->out, r->extra.data, r->extra.len);
	cors_lines(r);
	connection_line(r);
	buf_append(&r->out, "\r\n", 2);
}
