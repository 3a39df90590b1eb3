/* Long answers about runs, written piece by piece: memory stays the same for ten runs and a million. Runs evicted while an answer is
 * under way are left out; runs that arrive meanwhile are not in it.
 */
#ifndef AUSPEX_RETRY_RUN_STREAM_H
#define AUSPEX_RETRY_RUN_STREAM_H

#include "net/route.h"
#include "retry/book.h"

/* All runs: a JSON array with two-space indent and no newline at the end. */
void run_stream_export(struct http_request *req, const struct book *b);
/* The newest n: {"count":n,"metrics":[…]} and a newline. */
void run_stream_recent(struct http_request *req, const struct book *b, uint64_t n);

/* The writer behind both, without HTTP. */
struct run_stream {
	const struct book *book;
	uint64_t next, end; /* sequence numbers */
	uint64_t count;     /* recent: the number to announce */
	bool wrapped, begun;
	struct arena arena;
	struct jw w;
};
void run_stream_init(struct run_stream *s, const struct book *b, uint64_t from, bool wrapped);
/* Appends some 32 KiB; false when the answer is complete. */
bool run_stream_pump(struct run_stream *s, struct buf *out);
void run_stream_fini(struct run_stream *s);

#endif
