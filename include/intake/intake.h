/* Intake: bytes of a Unix socket become whole JSON documents, and each goes to the handler of its kind.
 *
 * A connection speaks one of two manners, told apart by its first document:
 *   documents  objects without a string "type" (finished runs): never a byte in reply; separated by anything JSON allows as
 *              white space, or by nothing; a half document followed by EOF is reported, zero bytes are not
 *   lines      objects with a string "type" (coordination, push): one reply line each, in order; from the first such object
 *              on every line is a request, and a line that is no JSON object is answered with
 *              {"error":"invalid JSON","type":"error"}
 * A document counts as complete when its closing brace arrives; it need not wait for EOF. Several documents per connection are
 * fine. Documents are bounded (1 MiB for runs, `max_push` for push); above, the connection is closed and one warning logged. Half ones
 * are bounded together (`max_buffered`), and long ones are parsed on the pool.
 *
 * Kinds are rows of a table, registered by the domain rooms; adding a message is one row. Loop only.
 */
#ifndef AUSPEX_INTAKE_INTAKE_H
#define AUSPEX_INTAKE_INTAKE_H

#include "base/json.h"
#include "base/log.h"
#include "net/unix_listener.h"

struct intake;
struct intake_peer; /* one connection, as handlers see it */

struct intake_kind {
	const char *type; /* value of "type"; NULL = documents without one */
	/* `doc` and its text are borrowed for the call. What is appended to `reply` is sent as it stands (end it with "\n"); kinds with
	 * type NULL get reply NULL. Return 0; INTAKE_LATER when the answer comes through intake_reply (the peer is paused
	 * meanwhile, so order holds); a negative code with `err` filled = invalid input: counted and logged ("error parsing metrics" for
	 * documents), and for lines the handler has written the reply itself. */
	int (*handle)(void *ctx, struct intake_peer *peer, const struct json_doc *doc, json_ref root, struct buf *reply,
		      struct err *err);
	/* The connection ended; may be NULL. `serial` as intake_peer_serial. Called only if handle was called for this peer. */
	void (*gone)(void *ctx, uint64_t serial);
	void *ctx;
	void (*drop)(void *ctx); /* intake_free: the row goes; may be NULL */
};
#define INTAKE_LATER 1 /* never answered from inside `handle` */

struct intake_options {
	size_t max_document; /* 1 MiB */
	size_t max_push;     /* 16 MiB: for documents whose first key/type announces a push; also bounds lines */
	size_t max_buffered; /* 64 MiB: half documents of all peers; past it the one that began first is dropped */
	int64_t first_byte_ms; /* a document that stays incomplete this long is dropped: 5 s (a minute when it drips); idle peers between documents are left alone for 1 h, in lines manner for good */
};

int intake_new(struct intake **out, uv_loop_t *loop, const struct intake_options *opt, const struct clock *clock, struct log *log);
void intake_free(struct intake *in); /* after its listeners are closed */
int intake_add_kind(struct intake *in, const struct intake_kind *kind); /* copied; ERR_DUPLICATE, ERR_FULL, -ENOMEM (no handler) */
/* The handler to open Unix listeners with. */
struct unix_handler intake_handler(struct intake *in);

/* Unique per connection, never reused, from 1. */
uint64_t intake_peer_serial(const struct intake_peer *p);
struct unix_ids intake_peer_ids(struct intake_peer *p);
/* Receive time of the bytes being handled (one clock read per read). */
wall_ns intake_peer_now(const struct intake_peer *p);
/* Inside `handle`: moves the document and its text to the caller, who frees both. False when it is no large one (256 KiB): such lie in
 * a buffer of others, and are quickly done with. */
bool intake_take_document(struct intake_peer *p, struct json_doc *doc, struct buf *text);
/* Answers a message whose handler returned INTAKE_LATER; harmless when the peer has gone (looked up by serial). */
void intake_reply(struct intake *in, uint64_t serial, struct view reply);

struct intake_stats {
	uint64_t documents, lines, invalid, oversize, timeouts, incomplete, crowded_out;
	uint32_t peers_lines; /* connections in lines manner now */
	uint32_t parsing;     /* large documents on the pool now */
	size_t buffered_bytes;
};
void intake_get_stats(const struct intake *in, struct intake_stats *out);

#endif
