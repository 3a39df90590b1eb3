/* Inside of intake: one peer, and the steps its bytes take.
 *
 *   data → manner unknown or documents: whole objects are parsed where they lie; the rest waits in `pending`
 *        → manner lines: as above, but a newline ends a request
 *        → bad text: skipped up to the next newline or EOF, then judged
 */
#ifndef AUSPEX_INTAKE_INTAKE_IMPL_H
#define AUSPEX_INTAKE_INTAKE_IMPL_H

#include "intake/intake.h"

#include "base/map.h"

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
	struct bad_text bad;
	enum manner manner;
	uint32_t kinds_used; /* bit per kind whose handler saw this peer */
	int64_t idle_ms;     /* as told to the listener */
	bool answered_line; /* an object was answered before its newline came: that newline is no empty request */
	bool paused, ended, closing;
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
	struct map waiting; /* serial bytes → peer whose answer comes later */
	uint64_t next_serial;
	uint32_t max_lines;
	struct intake_stats stats;
	struct log_gate gate_invalid, gate_oversize, gate_timeout;
};

/* Takes bytes of a peer that is neither paused nor closing. */
void intake_feed(struct intake_peer *p, const char *data, size_t len);
/* The peer will send no more: judges what is left. */
void intake_finish(struct intake_peer *p, bool timed_out);
/* Gives one parsed object of `length` bytes to its handler; the tape is in in->doc. */
void intake_dispatch(struct intake_peer *p, size_t length);
/* Counts, and logs within limits. `code` a negative code; `err` may be NULL. */
void intake_invalid(struct intake_peer *p, int code, const struct err *err, size_t length);
/* Sends a line and closes on failure. */
void intake_write(struct intake_peer *p, struct view line);
void intake_close_peer(struct intake_peer *p);
void intake_become_lines(struct intake_peer *p);

#endif
