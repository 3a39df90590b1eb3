/* What arrives: finished runs, coordination requests, pushed runs. */
#include "retry_impl.h"

#include "coordination.h"
#include "run_pack.h"

#include <errno.h>

void retry_note_run(struct retry *r, const struct run *run)
{
	if (!run_succeeded(run))
		retry_note_failure(r, run->command);
}

/* Masks unless the book knows the command as one that needs none. */
static int decode_run(struct retry *r, const struct json_doc *doc, json_ref root, struct run *run,
		      struct err *err)
{
	arena_reset(&r->arena);
	int rc = run_decode(doc, root, false, &r->arena, run, err);
	if (rc == 0 && r->deps.mask_secrets) {
		book_recall(r->book, run);
		if (!run->command_checked && run_mask(run, &r->arena) < 0)
			rc = err_set(err, -ENOMEM, "command", "command: out of memory");
	}
	return rc;
}

static int take_run(void *ctx, struct intake_peer *peer, const struct json_doc *doc, json_ref root,
		    struct buf *reply, struct err *err)
{
	struct retry *r = ctx;
	struct run run;

	(void)reply;
	int rc = decode_run(r, doc, root, &run, err);
	if (rc < 0)
		return rc;
	struct unix_ids ids = intake_peer_ids(peer);
	run.uid = ids.uid;
	run.pid = ids.pid;
	run.stored_at = intake_peer_now(peer);
	rc = book_add(r->book, &run);
	if (rc < 0)
		return err_set(err, rc, "", "the run could not be kept: %s", err_text(rc));
	retry_note_run(r, &run);
	if (r->opt.persist && retry_store_append(r, &run, STORE_DETAIL) < 0)
		r->detail_dropped++;
	LOG(r->deps.log, LOG_DEBUG, "retry", "stored metrics for command", LF_V("command", run.command));
	return 0;
}

static struct coordination request_of(struct retry *r, struct intake_peer *peer, const struct json_doc *doc,
				      json_ref root, struct buf *reply)
{
	arena_reset(&r->arena);
	return (struct coordination){ .slots = r->slots,
				      .arena = &r->arena,
				      .doc = doc,
				      .root = root,
				      .peer = intake_peer_serial(peer),
				      .now = intake_peer_now(peer) / NS_PER_MS,
				      .reply = reply };
}

static int take_handshake(void *ctx, struct intake_peer *peer, const struct json_doc *doc, json_ref root,
			  struct buf *reply, struct err *err)
{
	struct coordination c = request_of(ctx, peer, doc, root, reply);
	return coordination_handshake(&c, err);
}

static int take_schedule(void *ctx, struct intake_peer *peer, const struct json_doc *doc, json_ref root,
			 struct buf *reply, struct err *err)
{
	struct coordination c = request_of(ctx, peer, doc, root, reply);
	return coordination_schedule(&c, err);
}

static int take_register(void *ctx, struct intake_peer *peer, const struct json_doc *doc, json_ref root,
			 struct buf *reply, struct err *err)
{
	struct coordination c = request_of(ctx, peer, doc, root, reply);
	return coordination_register(&c, err);
}

static void peer_gone(void *ctx, uint64_t serial)
{
	struct retry *r = ctx;
	slots_peer_gone(r->slots, serial, clock_wall_ms(r->deps.clock));
}

const struct intake_kind retry_kind_rows[] = {
	{ .type = NULL, .handle = take_run },
	{ .type = "handshake", .handle = take_handshake },
	{ .type = "schedule_request", .handle = take_schedule, .gone = peer_gone },
	{ .type = "register_request", .handle = take_register, .gone = peer_gone },
};
const size_t retry_n_kind_rows = sizeof(retry_kind_rows) / sizeof(retry_kind_rows[0]);

/* --- pushed runs: decoded at once, kept packed until the commit
 * ---------------------------------------------------- */

struct staged {
	wall_ns stored_at;
	uint32_t command_len, packed_len;
};

static void stage_run(struct buf *stage, const struct run *run)
{
	size_t at = stage->len, most = sizeof(struct staged) + run->command.len + run_pack_bound(run);
	if (run->command.len > UINT32_MAX || buf_reserve(stage, most) < 0)
		return;
	unsigned char *p = (unsigned char *)stage->data + at;
	struct staged head = { .stored_at = run->stored_at, .command_len = (uint32_t)run->command.len };
	if (run->command.len)
		memcpy(p + sizeof(head), run->command.data, run->command.len);
	head.packed_len = (uint32_t)run_pack(run, p + sizeof(head) + run->command.len);
	memcpy(p, &head, sizeof(head));
	stage->len += sizeof(head) + head.command_len + head.packed_len;
}

static int take_pushed(void *ctx, const struct push_op *op, const struct json_doc *doc, json_ref item,
		       struct buf *stage, struct err *err)
{
	struct retry *r = ctx;
	struct run run;

	int rc = decode_run(r, doc, item, &run, err);
	if (rc < 0)
		return rc;
	run.stored_at = push_now(op);
	run.uid = push_ids(op).uid;
	run.pid = push_ids(op).pid;
	size_t before = stage->len;
	stage_run(stage, &run);
	if (stage->failed || stage->len == before)
		return err_set(err, -ENOMEM, "", "out of memory");
	if (r->opt.persist)
		rc = retry_store_append(r, &run, STORE_MUST);
	if (rc == ERR_FULL)
		return err_set(err, rc, "",
			       "the disk cannot keep up with what is pushed; send it again in a moment");
	return rc;
}

static size_t release_pushed(void *ctx, const struct push_op *op, struct view stage)
{
	struct retry *r = ctx;
	struct staged head;
	size_t at = 0;

	(void)op;
	for (int n = 0; n < PUSH_PORTION && at + sizeof(head) <= stage.len; n++) {
		struct run run;
		const char *p = stage.data + at;
		memcpy(&head, p, sizeof(head));
		at += sizeof(head) + head.command_len + head.packed_len;
		arena_reset(&r->arena);
		if (run_unpack((const unsigned char *)p + sizeof(head) + head.command_len, &r->arena, &run) <
		    0)
			continue;
		run.stored_at = head.stored_at;
		run.command = (struct view){ p + sizeof(head), head.command_len };
		if (book_add(r->book, &run) == 0)
			retry_note_run(r, &run);
	}
	return at;
}

struct push_list retry_push_list(struct retry *r)
{
	return (struct push_list){ .name = "runs", .item = take_pushed, .release = release_pushed, .ctx = r };
}
