/* A connection fed from memory. The first byte decides how the rest is cut into reads and how much a write
 * takes; the handlers cover plain, large, streamed and deferred answers. What is checked: no crash, no leak,
 * and that the bytes that come out are whole answers. */
#include "../../../src/net/http_impl.h"

#include <errno.h>
#include <stdlib.h>

struct feed {
	const uint8_t *data;
	size_t len, pos, step;
	size_t write_max;
	struct http_request *deferred;
	int streams;
	struct buf out;
};

static ssize_t feed_read(struct http_conn *c, void *data, size_t len)
{
	struct feed *f = c->io_arg;
	size_t n = f->len - f->pos < f->step ? f->len - f->pos : f->step;
	if (n > len)
		n = len;
	memcpy(data, f->data + f->pos, n);
	f->pos += n;
	return (ssize_t)n;
}

static ssize_t feed_write(struct http_conn *c, const struct iovec *iov, int n)
{
	struct feed *f = c->io_arg;
	size_t taken = 0;
	for (int i = 0; i < n && taken < f->write_max; i++) {
		size_t part = iov[i].iov_len < f->write_max - taken ? iov[i].iov_len : f->write_max - taken;
		if (f->out.len < 1 << 20)
			buf_append(&f->out, iov[i].iov_base, part);
		taken += part;
	}
	return (ssize_t)taken;
}

static void echo(struct http_request *r, void *ctx)
{
	(void)ctx;
	struct view body = http_body(r), q = http_query(r, "q");
	for (size_t i = 0; i < body.len; i++)
		buf_putc(http_out(r), body.data[i]);
	buf_view(http_out(r), q);
	buf_view(http_out(r), http_path_param(r, "id"));
	http_send(r, 200);
}

static void later(struct http_request *r, void *ctx)
{
	struct feed *f = ctx;
	f->deferred = r;
	http_defer(r, NULL, NULL);
}

static bool pump(struct http_request *r, struct buf *out, void *state)
{
	(void)r;
	int *left = state;
	buf_puts(out, "streamed");
	return --*left > 0;
}

static void stream(struct http_request *r, void *ctx)
{
	struct feed *f = ctx;
	f->streams = 5;
	http_send_stream(r, 200, &(struct http_stream){ .pump = pump, .state = &f->streams });
}

static void asset(struct http_request *r, void *ctx)
{
	static const char text[40000] = "x";
	(void)ctx;
	http_send_asset(r, "text/css", "\"e\"", (struct view){ text, sizeof(text) }, VIEW("gz"));
}

#define ROW(m, p, h)                                                                                         \
	{                                                                                                    \
		m, p, FAMILY_FLEET, ACCESS_KEY, LIMIT_600, h, .cors = CORS_LIST, .max_body = 4096            \
	}
static const struct http_route rows[] = {
	ROW(METHOD_GET | METHOD_POST, "/e", echo),
	ROW(METHOD_GET, "/i/{id}", echo),
	ROW(METHOD_GET, "/t/*", echo),
	ROW(METHOD_GET | METHOD_POST, "/l", later),
	ROW(METHOD_GET, "/s", stream),
	ROW(METHOD_GET, "/a", asset),
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct http_io io = { feed_read, feed_write };
	if (size < 1)
		return 0;
	struct feed f = { .data = data + 1,
			  .len = size - 1,
			  .step = (size_t)(data[0] & 15) * 7 + (data[0] & 16 ? 20000 : 1),
			  .write_max = data[0] & 32 ? 100 : 1 << 20 };
	const char *origins[] = { "http://localhost:8501" }, *keys[] = { "key-number-1" };
	uv_loop_t loop;
	uv_loop_init(&loop);
	struct access *a = access_new(clock_system());
	if (data[0] & 64)
		access_configure(a, keys, 1, NULL, 0, NULL);
	struct http_server *s = http_server_new(&loop, a, NULL, clock_system());
	http_server_configure(s,
			      &(struct http_server_options){ .cors_origins = origins, .n_cors_origins = 1 });
	http_server_add_routes(s, rows, sizeof(rows) / sizeof(rows[0]), &f);
	struct http_listener l = { .server = s,
				   .fd = -1,
				   .family = data[0] & 128 ? FAMILY_RETRY : FAMILY_FLEET };
	struct http_conn *c = http_conn_new(s, &l, -1);
	c->io = &io;
	c->io_arg = &f;
	memcpy(c->peer.address, "127.0.0.1", 10);
	for (size_t i = 0; i < size + 64 && c->state != CONN_CLOSED && c->state != CONN_LINGER; i++) {
		if (f.deferred) {
			struct http_request *r = f.deferred;
			f.deferred = NULL;
			http_send(r, 200);
		} else if (c->r && http_output_pending(c->r)) {
			http_conn_advance(c);
		} else {
			http_conn_on_readable(c);
		}
	}
	if (f.out.len >= 9 && memcmp(f.out.data, "HTTP/1.1 ", 9) != 0)
		abort();
	http_conn_free(c);
	http_server_close(s, 0, NULL, NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	if (uv_loop_close(&loop) != 0)
		abort();
	access_free(a);
	buf_fini(&f.out);
	return 0;
}
