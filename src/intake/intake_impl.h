/* Inside of intake: one peer, and the steps its bytes take.
 *
 *   data → manner unknown or documents: whole objects are parsed where they lie; the rest waits in `pending`
 *        → manner lines: as above, but a newline ends a request
 *        → bad text: skipped up to the next newline or EOF, then judged
 *   feed.c cuts and judges, half.c keeps what is incomplete, large.c parses what is long, intake.c hands to the kinds
 */
#ifndef AUSPEX_INTAKE_INTAKE_IMPL_H
#define AUSPEX_INTAKE_INTAKE_IMPL_H

#include "intake/intake.h"

#include "base/map.h"

/* To a peer whose line is no request. */
#define INVALID_JSON "{\"error\":\"invalid JSON\",\"type\":\"error\"}\n"

#define INTAKE_KINDS_MAX 32
/* How long a peer may stay silent outside of a document. */
#define INTAKE_BETWEEN_MS (3600 * MS_PER_S)

enum manner { MANNER_UNKNOWN, MANNER_DOCUMENTS, MANNER_LINES };

/* What a bad stretch of text holds, to tell a broken document from a broken request. */
struct bad_text {
	bool active;
	bool object;        /* it began as one */
	bool run_words;     /* it named a field of a run */
	bool request_words; /* it named a type */
	size_t bytes;
	int code;
};

struct intake_peer {
	struct intake *in;
	struct unix_peer *up;
	uint64_t serial;
	wall_ns now;
	mono_us incomplete_since; /* 0 = no document has begun */
	struct json_frame frame;  /* over the bytes of `pending` */
	struct buf pending;       /* an incomplete document; or, while paused, everything not yet looked at */
	struct intake_peer *older, *younger; /* in the order in which half documents began */
	struct bad_text bad;
	enum manner manner;
	uint32_t kinds_used; /* bit per kind whose handler saw this peer */
	int64_t idle_ms;     /* as told to the listener */
	bool is_half;        /* in that list */
	bool answered_line; /* an object was answered before its newline came: that newline is no empty request */
	bool paused, ended, closing;
};

/* A document on its way through the pool, and under its handler's eyes. */
struct intake_large {
	struct intake *in;
	uint64_t serial;
	struct buf text;
	struct json_doc doc;
	int rc;
};

struct intake {
	uv_loop_t *loop;
	struct intake_options opt;
	const struct clock *clock;
	struct log *log;
	struct json_doc doc;
	struct buf reply;
	struct intake_kind kinds[INTAKE_KINDS_MAX];
	size_t n_kinds;
	struct map waiting; /* serial bytes → paused peer */
	struct intake_peer *oldest_half, *youngest_half;
	struct intake_large *large; /* under its handler's eyes, or NULL */
	uint64_t next_serial;
	uint32_t max_lines;
	struct intake_stats stats;
	struct log_gate gate_invalid, gate_oversize, gate_crowded;
};

/* feed.c */
/* Takes bytes of a peer that is neither paused nor closing. */
void intake_feed(struct intake_peer *p, const char *data, size_t len);
/* The peer will send no more: judges what is left. */
void intake_finish(struct intake_peer *p, bool timed_out);
/* A whole object was parsed from `text` with the answer `rc`; `more` lies behind it. Returns how many bytes of that it took. */
size_t intake_parsed(struct intake_peer *p, const struct json_doc *doc, int rc, const struct buf *text,
		     const char *more, size_t n_more);

/* half.c */
/* Adds to what waits; false when the peer is closed over it. */
bool intake_half_add(struct intake_peer *p, const char *data, size_t len);
void intake_half_drop(struct intake_peer *p);
/* What waits, now the caller's. */
struct buf intake_half_take(struct intake_peer *p);

/* large.c */
#define INTAKE_LARGE ((size_t)256 * 1024) /* from here on a document is parsed on the pool */
/* Takes the text over and pauses the peer; false (and nothing changed) when that cannot be. */
bool intake_parse_apart(struct intake_peer *p, struct buf *text);

/* intake.c */
/* Gives one parsed object of `length` bytes to its handler. */
void intake_dispatch(struct intake_peer *p, const struct json_doc *doc, size_t length);
/* Counts, and logs within limits. `code` a negative code; `err` may be NULL. */
void intake_invalid(struct intake_peer *p, int code, const struct err *err, size_t length);
/* Sends a line and closes on failure. */
void intake_write(struct intake_peer *p, struct view line);
void intake_close_peer(struct intake_peer *p);
void intake_become_lines(struct intake_peer *p);
/* No more is read of it until intake_awaited() has found it again. */
void intake_pause(struct intake_peer *p);
/* The paused peer, now awake but for its backlog; NULL when it has gone. */
struct intake_peer *intake_awaited(struct intake *in, uint64_t serial);
/* Reads on, beginning with the backlog. */
void intake_go_on(struct intake_peer *p);

#endif
