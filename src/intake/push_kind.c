/* `push` as a message of the sockets. */
#include "intake/push.h"

#include "base/json_write.h"

#include <errno.h>
#include <stdlib.h>

/* Lives as long as intake: the row's context. */
struct push_socket {
	struct push *push;
	struct intake *intake;
};

/* One push on its way to the disk. */
struct push_wait {
	struct intake *intake;
	uint64_t serial;
};

static void on_done(void *arg, bool ok, struct view reply)
{
	struct push_wait *w = arg;
	(void)ok;
	intake_reply(w->intake, w->serial, reply);
	free(w);
}

static void refuse(struct buf *reply, const char *why)
{
	struct jw w = jw_init(reply, JW_COMPACT);
	jw_obj(&w, NULL);
	jw_cstr(&w, "type", "push_response");
	jw_cstr(&w, "status", "error");
	jw_i64(&w, "accepted", 0);
	jw_i64(&w, "rejected", 0);
	jw_arr(&w, "errors");
	jw_obj(&w, NULL);
	jw_cstr(&w, "list", "");
	jw_i64(&w, "index", -1);
	jw_cstr(&w, "error", why);
	jw_end(&w);
	jw_end(&w);
	jw_end(&w);
	buf_putc(reply, '\n');
}

static int start(struct push_socket *s, struct intake_peer *peer, const struct json_doc *doc, json_ref root,
		 struct err *err)
{
	struct push_wait *wait = malloc(sizeof(*wait));
	if (!wait)
		return -ENOMEM;
	*wait = (struct push_wait){ s->intake, intake_peer_serial(peer) };
	struct push_document own;
	bool owned = intake_take_document(peer, &own.doc, &own.text);
	const struct push_request req = { .doc = owned ? &own.doc : doc,
					  .root = root,
					  .ids = intake_peer_ids(peer),
					  .now = intake_peer_now(peer),
					  .done = on_done,
					  .arg = wait,
					  .own = owned ? &own : NULL };
	int rc = push_start(s->push, &req, err);
	if (owned) {
		json_doc_fini(&own.doc);
		buf_fini(&own.text);
	}
	if (rc < 0)
		free(wait);
	return rc;
}

static int handle(void *ctx, struct intake_peer *peer, const struct json_doc *doc, json_ref root,
		  struct buf *reply, struct err *err)
{
	int rc = start(ctx, peer, doc, root, err);
	if (rc == 0)
		return INTAKE_LATER;
	refuse(reply, err->text[0] ? err->text : err_text(rc));
	return rc;
}

static void drop(void *ctx)
{
	free(ctx);
}

struct intake_kind push_intake_kind(struct push *p, struct intake *in)
{
	struct push_socket *s = malloc(sizeof(*s));
	if (s)
		*s = (struct push_socket){ p, in };
	/* Out of memory at start: a row without handler is refused by intake_add_kind. */
	return (struct intake_kind){ .type = "push", .handle = s ? handle : NULL, .ctx = s, .drop = drop };
}
