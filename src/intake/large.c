/* Large documents are parsed on the pool: the loop has milliseconds for everything, and sixteen megabytes take longer. The peer is
 * paused meanwhile, so that its messages stay in order; what it has sent behind the document waits in `pending`. When there is too
 * much for the pool, the loop does it after all, and senders have to wait.
 */
#include "intake_impl.h"

#include "net/job.h"

#include <stdlib.h>

static void work(struct job *j, void *state)
{
	struct intake_large *l = state;
	size_t used;
	(void)j;
	l->rc = json_parse(&l->doc, l->text.data, l->text.len, 0, &used);
}

static void done(void *state, bool cancelled)
{
	struct intake_large *l = state;
	struct intake *in = l->in;
	struct intake_peer *p = intake_awaited(in, l->serial);

	in->stats.parsing--;
	in->stats.buffered_bytes -= l->text.len;
	if (p && !cancelled) {
		struct buf behind = intake_half_take(p);
		in->large = l;
		size_t took = intake_parsed(p, &l->doc, l->rc, &l->text, behind.data ? behind.data : "",
					    behind.len);
		in->large = NULL;
		if (!p->closing)
			intake_half_add(p, behind.data ? behind.data + took : "", behind.len - took);
		buf_fini(&behind);
		if (!p->paused && !p->closing)
			intake_go_on(p);
	}
	json_doc_fini(&l->doc);
	buf_fini(&l->text);
	free(l);
}

bool intake_parse_apart(struct intake_peer *p, struct buf *text)
{
	struct intake *in = p->in;
	bool room = in->stats.buffered_bytes + text->len <= in->opt.max_buffered;
	struct intake_large *l = room ? malloc(sizeof(*l)) : NULL;
	if (!l)
		return false;
	*l = (struct intake_large){ .in = in, .serial = p->serial, .text = *text };
	json_doc_init(&l->doc);
	if (job_start(NULL, in->loop, work, done, l) < 0) {
		free(l);
		return false;
	}
	buf_init(text);
	in->stats.parsing++;
	in->stats.buffered_bytes += l->text.len;
	intake_pause(p);
	return true;
}

bool intake_take_document(struct intake_peer *p, struct json_doc *doc, struct buf *text)
{
	struct intake_large *l = p->in->large;
	if (!l)
		return false;
	*doc = l->doc;
	*text = l->text;
	json_doc_init(&l->doc);
	buf_init(&l->text);
	return true;
}
