#include "intake_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define INVALID_LOGS_PER_SECOND 5
#define MAX_LINES               30000u

#define UNKNOWN_TYPE "{\"error\":\"unknown message type\",\"type\":\"error\"}\n"

/* Peers that stay, as coordination clients do, may hold half the descriptors: the rest is for runs. */
static uint32_t lines_limit(void)
{
	struct rlimit lim;
	if (getrlimit(RLIMIT_NOFILE, &lim) < 0 || lim.rlim_cur == RLIM_INFINITY ||
	    lim.rlim_cur / 2 > MAX_LINES)
		return MAX_LINES;
	return (uint32_t)lim.rlim_cur / 2;
}

int intake_new(struct intake **out, uv_loop_t *loop, const struct intake_options *opt,
	       const struct clock *clock, struct log *log)
{
	struct intake *in = calloc(1, sizeof(*in));
	if (!in)
		return -ENOMEM;
	in->loop = loop;
	in->opt = *opt;
	in->opt.max_document = opt->max_document ? opt->max_document : (size_t)1 << 20;
	in->opt.max_push = opt->max_push ? opt->max_push : (size_t)16 << 20;
	in->opt.max_buffered = opt->max_buffered ? opt->max_buffered : (size_t)64 << 20;
	in->opt.first_byte_ms = opt->first_byte_ms ? opt->first_byte_ms : 5 * MS_PER_S;
	in->clock = clock;
	in->log = log;
	in->max_lines = lines_limit();
	json_doc_init(&in->doc);
	buf_init(&in->reply);
	map_init(&in->waiting);
	*out = in;
	return 0;
}

void intake_free(struct intake *in)
{
	if (!in)
		return;
	for (size_t i = 0; i < in->n_kinds; i++)
		if (in->kinds[i].drop)
			in->kinds[i].drop(in->kinds[i].ctx);
	json_doc_fini(&in->doc);
	buf_fini(&in->reply);
	map_fini(&in->waiting);
	free(in);
}

int intake_add_kind(struct intake *in, const struct intake_kind *kind)
{
	if (!kind->handle)
		return -ENOMEM;
	for (size_t i = 0; i < in->n_kinds; i++) {
		const char *type = in->kinds[i].type;
		if (type == kind->type || (type && kind->type && strcmp(type, kind->type) == 0))
			return ERR_DUPLICATE;
	}
	if (in->n_kinds == INTAKE_KINDS_MAX)
		return ERR_FULL;
	in->kinds[in->n_kinds++] = *kind;
	return 0;
}

/* --- one object
 * --------------------------------------------------------------------------------------------------- */

/* `type` data NULL = an object without one. */
static const struct intake_kind *find_kind(const struct intake *in, struct view type)
{
	for (size_t i = 0; i < in->n_kinds; i++) {
		const char *name = in->kinds[i].type;
		if (!name ? !type.data : type.data && view_eq(view_of(name), type))
			return &in->kinds[i];
	}
	return NULL;
}

static struct view serial_key(const uint64_t *serial)
{
	return (struct view){ (const char *)serial, sizeof(*serial) };
}

void intake_pause(struct intake_peer *p)
{
	if (map_put(&p->in->waiting, serial_key(&p->serial), (uintptr_t)p) < 0) {
		intake_close_peer(p);
		return;
	}
	p->paused = true;
	p->idle_ms = 0;
	unix_peer_idle_timeout(p->up, 0);
	unix_peer_pause(p->up);
}

static int call_kind(struct intake_peer *p, const struct intake_kind *kind, const struct json_doc *doc,
		     size_t length)
{
	struct intake *in = p->in;
	struct err err; /* only its first bytes are cleared: this runs for every document */

	err.code = 0;
	err.place[0] = err.text[0] = '\0';
	p->kinds_used |= 1u << (kind - in->kinds);
	buf_clear(&in->reply);
	int rc = kind->handle(kind->ctx, p, doc, 0, kind->type ? &in->reply : NULL, &err);
	if (rc < 0)
		intake_invalid(p, rc, &err, length);
	if (rc == INTAKE_LATER)
		intake_pause(p);
	else if (in->reply.failed)
		intake_close_peer(p);
	else if (in->reply.len)
		intake_write(p, (struct view){ in->reply.data, in->reply.len });
	return rc;
}

static void dispatch_line(struct intake_peer *p, const struct json_doc *doc, size_t length)
{
	struct intake *in = p->in;
	json_ref type = json_get(doc, 0, VIEW("type"));

	in->stats.lines++;
	if (json_type(doc, type) != JSON_STRING || type == JSON_NONE) {
		intake_invalid(p, ERR_TYPE, NULL, length);
		intake_write(p, VIEW(INVALID_JSON));
		return;
	}
	const struct intake_kind *kind = find_kind(in, json_raw(doc, type));
	if (kind) {
		call_kind(p, kind, doc, length);
		return;
	}
	intake_invalid(p, ERR_UNKNOWN, NULL, length);
	intake_write(p, VIEW(UNKNOWN_TYPE));
}

static void dispatch_document(struct intake_peer *p, const struct json_doc *doc, size_t length)
{
	struct intake *in = p->in;
	const struct intake_kind *kind = find_kind(in, (struct view){ NULL, 0 });

	p->manner = MANNER_DOCUMENTS;
	if (!kind)
		intake_invalid(p, ERR_UNSUPPORTED, NULL, length);
	else if (call_kind(p, kind, doc, length) >= 0)
		in->stats.documents++;
}

void intake_dispatch(struct intake_peer *p, const struct json_doc *doc, size_t length)
{
	if (p->manner == MANNER_LINES)
		dispatch_line(p, doc, length);
	else
		dispatch_document(p, doc, length);
}

void intake_become_lines(struct intake_peer *p)
{
	struct intake *in = p->in;
	if (p->manner == MANNER_LINES)
		return;
	p->manner = MANNER_LINES;
	in->stats.peers_lines++;
	if (in->stats.peers_lines > in->max_lines)
		intake_close_peer(
			p); /* a closed connection costs such a client nothing; a silent one would hang it */
}

void intake_invalid(struct intake_peer *p, int code, const struct err *err, size_t length)
{
	struct intake *in = p->in;
	const char *why = err && err->text[0] ? err->text : err_text(code);
	uint32_t swallowed;

	in->stats.invalid++;
	if (!log_gate(&in->gate_invalid, clock_mono_us(in->clock), INVALID_LOGS_PER_SECOND, &swallowed))
		return;
	/* A wrong request was answered; a wrong document is only seen here. */
	enum log_level level = p->manner == MANNER_LINES ? LOG_WARN : LOG_ERROR;
	const char *msg = p->manner == MANNER_LINES ? "error parsing request" : "error parsing metrics";
	LOG(in->log, level, "intake", msg, LF_S("error", why), LF_I("data_length", length),
	    LF_I("suppressed", swallowed));
}

/* --- peers
 * -------------------------------------------------------------------------------------------------------- */

void intake_write(struct intake_peer *p, struct view line)
{
	if (!p->closing && unix_peer_write(p->up, line.data, line.len) < 0)
		intake_close_peer(p);
}

void intake_close_peer(struct intake_peer *p)
{
	if (p->closing)
		return;
	p->closing = true;
	unix_peer_close(p->up);
}

static void *on_open(void *arg, struct unix_peer *up)
{
	struct intake *in = arg;
	struct intake_peer *p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->in = in;
	p->up = up;
	p->serial = ++in->next_serial;
	buf_init(&p->pending);
	p->idle_ms = INTAKE_BETWEEN_MS;
	unix_peer_idle_timeout(up, p->idle_ms);
	return p;
}

static void on_data(void *user, const char *data, size_t len)
{
	struct intake_peer *p = user;
	if (p->closing)
		return;
	p->now = clock_wall_ns(p->in->clock);
	if (p->paused)
		intake_half_add(p, data, len);
	else
		intake_feed(p, data, len);
}

static void on_end(void *user, int status)
{
	struct intake_peer *p = user;
	p->ended = true;
	if (p->closing || p->paused) /* an answer is still due: closed after it */
		return;
	intake_finish(p, status == -ETIMEDOUT);
}

static void on_close(void *user)
{
	struct intake_peer *p = user;
	struct intake *in = p->in;

	p->closing = true;
	map_del(&in->waiting, serial_key(&p->serial));
	for (size_t i = 0; i < in->n_kinds; i++)
		if ((p->kinds_used >> i & 1) && in->kinds[i].gone)
			in->kinds[i].gone(in->kinds[i].ctx, p->serial);
	in->stats.peers_lines -= p->manner == MANNER_LINES;
	intake_half_drop(p);
	free(p);
}

struct unix_handler intake_handler(struct intake *in)
{
	return (struct unix_handler){
		.open = on_open, .data = on_data, .end = on_end, .close = on_close, .arg = in
	};
}

uint64_t intake_peer_serial(const struct intake_peer *p)
{
	return p->serial;
}

struct unix_ids intake_peer_ids(struct intake_peer *p)
{
	return unix_peer_ids(p->up);
}

wall_ns intake_peer_now(const struct intake_peer *p)
{
	return p->now;
}

struct intake_peer *intake_awaited(struct intake *in, uint64_t serial)
{
	uint64_t found;
	if (!map_get(&in->waiting, serial_key(&serial), &found))
		return NULL;
	struct intake_peer *p = (struct intake_peer *)(uintptr_t)found;
	map_del(&in->waiting, serial_key(&p->serial));
	p->paused = false;
	return p;
}

/* What came while the peer was paused is looked at as if it had arrived now. */
void intake_go_on(struct intake_peer *p)
{
	struct buf backlog = intake_half_take(p);
	unix_peer_resume(p->up);
	p->now = clock_wall_ns(p->in->clock);
	intake_feed(p, backlog.data ? backlog.data : "", backlog.len);
	buf_fini(&backlog);
	if (p->ended && !p->paused && !p->closing)
		intake_finish(p, false);
}

void intake_reply(struct intake *in, uint64_t serial, struct view reply)
{
	struct intake_peer *p = intake_awaited(in, serial);
	if (!p)
		return;
	intake_write(p, reply);
	if (!p->closing)
		intake_go_on(p);
}

void intake_get_stats(const struct intake *in, struct intake_stats *out)
{
	*out = in->stats;
}
