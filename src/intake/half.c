/* Half documents: bytes that wait for the rest of theirs, bounded for all connections together.
 *
 * A document that is complete when it is read never waits. When the half ones take too much, the one that began first goes: a real
 * sender is done in milliseconds, who only wants to hold memory is not.
 */
#include "intake_impl.h"

static void half_unlink(struct intake_peer *p)
{
	struct intake *in = p->in;
	if (!p->is_half)
		return;
	*(p->older ? &p->older->younger : &in->oldest_half) = p->younger;
	*(p->younger ? &p->younger->older : &in->youngest_half) = p->older;
	p->older = p->younger = NULL;
	p->is_half = false;
}

static void half_link(struct intake_peer *p)
{
	struct intake *in = p->in;
	p->older = in->youngest_half;
	*(p->older ? &p->older->younger : &in->oldest_half) = p;
	in->youngest_half = p;
	p->is_half = true;
}

void intake_half_drop(struct intake_peer *p)
{
	half_unlink(p);
	p->in->stats.buffered_bytes -= p->pending.len;
	buf_fini(&p->pending);
	p->frame = (struct json_frame){ 0 };
	p->incomplete_since = 0;
}

struct buf intake_half_take(struct intake_peer *p)
{
	struct buf text = p->pending;
	half_unlink(p);
	p->in->stats.buffered_bytes -= text.len;
	buf_init(&p->pending);
	p->frame = (struct json_frame){ 0 };
	p->incomplete_since = 0;
	return text;
}

static void make_room(struct intake *in)
{
	uint32_t swallowed;
	while (in->stats.buffered_bytes > in->opt.max_buffered && in->oldest_half) {
		struct intake_peer *p = in->oldest_half;
		in->stats.crowded_out++;
		if (log_gate(&in->gate_crowded, clock_mono_us(in->clock), 1, &swallowed))
			LOG(in->log, LOG_WARN, "intake",
			    "half documents take too much memory, the oldest was dropped",
			    LF_I("bytes", p->pending.len), LF_I("max_buffered", in->opt.max_buffered),
			    LF_I("suppressed", swallowed));
		intake_half_drop(p);
		intake_close_peer(p);
	}
}

bool intake_half_add(struct intake_peer *p, const char *data, size_t len)
{
	struct intake *in = p->in;
	if (!p->is_half && !p->paused) {
		p->incomplete_since = clock_mono_us(in->clock);
		half_link(p);
	}
	buf_append(&p->pending, data, len);
	if (p->pending.failed) {
		intake_close_peer(p);
		return false;
	}
	in->stats.buffered_bytes += len;
	make_room(in);
	return !p->closing;
}
