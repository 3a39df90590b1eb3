/* Request objects, borrowed by connections while they have something to do. */
#include "http_impl.h"

#include <stdlib.h>

/* What a pooled object may keep, so that one large request does not stay in memory for ever. */
#define KEEP_BYTES (64 * 1024)

static struct http_request *request_new(void)
{
	struct http_request *r = calloc(1, sizeof(*r));
	if (!r)
		return NULL;
	r->in = malloc(HTTP_IN_SIZE);
	if (!r->in) {
		free(r);
		return NULL;
	}
	buf_init(&r->body_in);
	buf_init(&r->reply);
	buf_init(&r->extra);
	buf_init(&r->out);
	arena_init(&r->arena, 1024);
	return r;
}

static void request_free(struct http_request *r)
{
	buf_fini(&r->body_in);
	buf_fini(&r->reply);
	buf_fini(&r->extra);
	buf_fini(&r->out);
	arena_fini(&r->arena);
	free(r->in);
	free(r);
}

void http_body_weigh(struct http_request *r)
{
	size_t weight = r->body_in.len > HTTP_BODY_LIGHT ? r->body_in.len : 0;
	r->conn->server->body_bytes += weight - r->body_weight;
	r->body_weight = weight;
}

/* Only what is set by a request is cleared: the header table alone is 3 KB. */
void http_request_reset(struct http_request *r)
{
	r->scanned = 0;
	r->target = r->raw_path = r->query = r->path = r->host = r->body = (struct view){ 0 };
	r->n_headers = 0;
	memset(r->known, 0xff, sizeof(r->known));
	memset(r->known_seen, 0, sizeof(r->known_seen));
	r->method = 0;
	r->http10 = r->keep_alive = r->head_only = r->chunked = r->expects = false;
	r->body_left = 0;
	r->body_max = 0;
	r->route = NULL;
	r->ctx = NULL;
	r->n_params = 0;
	r->host_checked = r->host_trusted = r->key_checked = r->has_key = r->has_session = false;
	r->phase = PHASE_OPEN;
	r->type = NULL;
	r->json = false;
	r->status = 0;
	r->stream = (struct http_stream){ 0 };
	r->stream_more = r->stream_idle = r->pumping = r->woken = false;
	r->gone = NULL;
	buf_clear(&r->body_in);
	buf_shrink(&r->body_in, HTTP_BODY_LIGHT);
	http_body_weigh(r);
	buf_clear(&r->reply);
	buf_clear(&r->extra);
	if (r->arena.head)
		arena_reset(&r->arena);
}

struct http_request *http_request_take(struct http_server *s, struct http_conn *c)
{
	struct http_request *r = s->pool;
	if (r) {
		s->pool = r->next;
		s->pool_len--;
	} else {
		r = request_new();
		if (!r)
			return NULL;
	}
	r->conn = c;
	r->in_len = r->in_pos = 0;
	r->in_handler = false;
	r->family = c->listener ? c->listener->family : FAMILY_OWN;
	http_request_reset(r);
	return r;
}

static void buf_trim(struct buf *b)
{
	buf_clear(b);
	buf_shrink(b, KEEP_BYTES);
}

void http_request_give(struct http_server *s, struct http_request *r)
{
	r->tail = (struct view){ 0 };
	r->out_pos = r->tail_pos = 0;
	buf_trim(&r->body_in);
	http_body_weigh(r);
	r->conn = NULL;
	buf_trim(&r->reply);
	buf_trim(&r->extra);
	buf_trim(&r->out);
	if (s->pool_len >= HTTP_POOL_MAX || r->arena.total > KEEP_BYTES) {
		request_free(r);
		return;
	}
	r->next = s->pool;
	s->pool = r;
	s->pool_len++;
}

void http_pool_fini(struct http_server *s)
{
	while (s->pool) {
		struct http_request *r = s->pool;
		s->pool = r->next;
		request_free(r);
	}
	s->pool_len = 0;
}
