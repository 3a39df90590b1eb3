#include "run_stream.h"

#include <stdlib.h>

#define PIECE (32u << 10)

void run_stream_init(struct run_stream *s, const struct book *b, uint64_t from, bool wrapped)
{
	*s = (struct run_stream){ .book = b,
				  .next = from,
				  .end = book_next_seq(b),
				  .wrapped = wrapped,
				  .w = jw_init(NULL, (wrapped ? JW_COMPACT : JW_INDENT2) | JW_GO_ESCAPE) };
	arena_init(&s->arena, 0);
}

void run_stream_fini(struct run_stream *s)
{
	arena_fini(&s->arena);
}

static void begin(struct run_stream *s)
{
	s->begun = true;
	if (s->wrapped) {
		jw_obj(&s->w, NULL);
		jw_u64(&s->w, "count", s->count);
	}
	jw_arr(&s->w, s->wrapped ? "metrics" : NULL);
}

static void finish(struct run_stream *s, struct buf *out)
{
	jw_end(&s->w);
	if (!s->wrapped)
		return;
	jw_end(&s->w);
	buf_putc(out, '\n');
}

bool run_stream_pump(struct run_stream *s, struct buf *out)
{
	size_t stop = out->len + PIECE;

	s->w.out = out;
	if (!s->begun)
		begin(s);
	if (s->next < book_first_seq(s->book))
		s->next = book_first_seq(s->book);
	for (; s->next < s->end && out->len < stop && !out->failed; s->next++) {
		struct run run;
		arena_reset(&s->arena);
		if (book_get(s->book, s->next, &s->arena, &run) == 0)
			run_write(&s->w, &run);
	}
	if (s->next < s->end && !out->failed)
		return true;
	finish(s, out);
	return false;
}

static bool pump(struct http_request *req, struct buf *out, void *state)
{
	(void)req;
	return run_stream_pump(state, out);
}

static void gone(void *state)
{
	run_stream_fini(state);
	free(state);
}

static void start(struct http_request *req, const struct book *b, uint64_t from, uint64_t count, bool wrapped)
{
	struct run_stream *s = malloc(sizeof(*s));
	if (!s) {
		http_error(req, 500, "Failed to export metrics");
		return;
	}
	run_stream_init(s, b, from, wrapped);
	s->count = count;
	const struct http_stream stream = { .pump = pump, .gone = gone, .state = s };
	http_set_type(req, "application/json");
	http_send_stream(req, 200, &stream);
}

void run_stream_export(struct http_request *req, const struct book *b)
{
	start(req, b, book_first_seq(b), 0, false);
}

void run_stream_recent(struct http_request *req, const struct book *b, uint64_t n)
{
	start(req, b, book_seek_newest(b, n), n, true);
}
