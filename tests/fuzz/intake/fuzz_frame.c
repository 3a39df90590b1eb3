/* Framing: whatever arrives, in whatever pieces.
 *
 * The first byte seeds the cuts, the rest is what a peer sends. It is fed once whole and once in pieces.
 * Always: no byte goes to a peer that only sent documents, nothing stays buffered, each reply is one line.
 * When the whole text held nothing wrong, both ways must have given the same documents and the same replies.
 */
#include "intake/intake.h"

#include <stdio.h>
#include <stdlib.h>

/* The connection of net, as far as intake uses it. */
struct unix_peer {
	const struct unix_handler *handler;
	void *user;
	struct buf out;
	bool paused, closed;
};

struct unix_ids unix_peer_ids(struct unix_peer *p)
{
	(void)p;
	return (struct unix_ids){ -1, -1, -1 };
}

int unix_peer_write(struct unix_peer *p, const void *data, size_t len)
{
	buf_append(&p->out, data, len);
	return 0;
}

void unix_peer_close(struct unix_peer *p)
{
	p->closed = true;
}

void unix_peer_pause(struct unix_peer *p)
{
	p->paused = true;
}

void unix_peer_resume(struct unix_peer *p)
{
	p->paused = false;
}

void unix_peer_idle_timeout(struct unix_peer *p, int64_t ms)
{
	(void)p;
	(void)ms;
}

struct world {
	struct clock_fake clock;
	struct intake *intake;
	struct buf seen;
	uint64_t waiting;
	bool requests; /* a typed object or a wrong line was answered */
};

static int take_document(void *ctx, struct intake_peer *p, const struct json_doc *doc, json_ref root,
			 struct buf *reply, struct err *err)
{
	struct world *w = ctx;
	(void)p;
	(void)err;
	if (reply)
		abort();
	buf_view(&w->seen, json_raw(doc, root));
	buf_putc(&w->seen, '\n');
	return 0;
}

static int take_echo(void *ctx, struct intake_peer *p, const struct json_doc *doc, json_ref root,
		     struct buf *reply, struct err *err)
{
	(void)p;
	(void)doc;
	(void)root;
	(void)err;
	((struct world *)ctx)->requests = true;
	buf_puts(reply, "echo\n");
	return 0;
}

static int take_later(void *ctx, struct intake_peer *p, const struct json_doc *doc, json_ref root,
		      struct buf *reply, struct err *err)
{
	struct world *w = ctx;
	(void)doc;
	(void)root;
	(void)reply;
	(void)err;
	w->requests = true;
	w->waiting = intake_peer_serial(p);
	return INTAKE_LATER;
}

static void feed(struct world *w, struct unix_peer *p, const char *data, size_t len)
{
	p->handler->data(p->user, data, len);
	while (p->paused && !p->closed)
		intake_reply(w->intake, w->waiting, VIEW("late\n"));
}

static void check_lines(const struct buf *out)
{
	if (out->len && out->data[out->len - 1] != '\n')
		abort();
}

/* Feeds the text in pieces of up to `piece` bytes (0 = whole); what was seen and answered is in w->seen and
 * p->out. */
static struct intake_stats run(struct world *w, struct unix_peer *p, const char *text, size_t len,
			       size_t piece, unsigned seed)
{
	const struct intake_options opt = { .max_document = 4096, .max_push = 8192 };
	struct intake_stats stats;

	clock_fake_init(&w->clock, INT64_C(1795378245) * NS_PER_S);
	buf_init(&w->seen);
	buf_init(&p->out);
	if (intake_new(&w->intake, NULL, &opt, &w->clock.clock, NULL) < 0)
		abort();
	const struct intake_kind kinds[] = { { .type = NULL, .handle = take_document, .ctx = w },
					     { .type = "e", .handle = take_echo, .ctx = w },
					     { .type = "push", .handle = take_later, .ctx = w } };
	for (size_t i = 0; i < 3; i++)
		intake_add_kind(w->intake, &kinds[i]);
	const struct unix_handler handler = intake_handler(w->intake);
	p->handler = &handler;
	p->user = handler.open(handler.arg, p);
	for (size_t at = 0; at < len && !p->closed;) {
		size_t n = piece ? 1 + (seed = seed * 1103515245u + 12345u) / 65536u % piece : len;
		n = n < len - at ? n : len - at;
		char *copy = malloc(n); /* so that a read past the end is seen */
		memcpy(copy, text + at, n);
		feed(w, p, copy, n);
		free(copy);
		at += n;
	}
	if (!p->closed)
		handler.end(p->user, 0);
	handler.close(p->user);
	intake_get_stats(w->intake, &stats);
	if (stats.buffered_bytes || stats.peers_lines)
		abort();
	check_lines(&p->out);
	intake_free(w->intake);
	return stats;
}

static bool same(const struct buf *a, const struct buf *b)
{
	return a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world whole = { 0 }, cut = { 0 };
	struct unix_peer a = { 0 }, b = { 0 };

	if (size < 1)
		return 0;
	const char *text = (const char *)data + 1;
	struct intake_stats s = run(&whole, &a, text, size - 1, 0, 0);
	struct intake_stats t = run(&cut, &b, text, size - 1, 1 + data[0] % 13, data[0]);
	if (s.invalid == 0 && s.oversize == 0 && s.incomplete == 0) {
		if (!same(&whole.seen, &cut.seen) || !same(&a.out, &b.out) || t.invalid ||
		    t.documents != s.documents)
			abort();
		if (!whole.requests && a.out.len)
			abort();
	}
	buf_fini(&whole.seen);
	buf_fini(&cut.seen);
	buf_fini(&a.out);
	buf_fini(&b.out);
	return 0;
}
