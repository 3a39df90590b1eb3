/* Framing: from bytes to whole objects, and what to do with text that is none. */
#include "intake_impl.h"

#include <errno.h>
#include <string.h>

#define OUT_OF_MEMORY "{\"error\":\"out of memory\",\"type\":\"error\"}\n"
/* A document that arrives a byte at a time keeps its idle limit alive; this bounds the whole. */
#define DRIP_FACTOR 12
#define NODES_KEEP  65536u /* a tape grown by one long text is given back */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static size_t skip_blank(const char *data, size_t len)
{
	size_t i = 0;
	while (i < len && is_blank(data[i]))
		i++;
	return i;
}

static bool holds(const char *data, size_t len, const char *word)
{
	return memmem(data, len, word, strlen(word)) != NULL;
}

static void refuse_large(struct intake_peer *p, size_t bytes);

/* --- text that is no object
 * ------------------------------------------------------------------------------------- */

static void bad_begin(struct intake_peer *p, int code, char first)
{
	p->bad = (struct bad_text){ .active = true, .code = code, .object = first == '{' };
}

static void bad_note(struct intake_peer *p, const char *data, size_t len)
{
	static const char *const words[] = { "\"command", "\"final_status\"", "\"total_", "\"attempts\"",
					     "\"timestamp\"" };
	struct bad_text *b = &p->bad;

	b->bytes += len;
	if (!b->object || b->bytes > p->in->opt.max_document)
		return;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]) && !b->run_words; i++)
		b->run_words = holds(data, len, words[i]);
	b->request_words = b->request_words || holds(data, len, "\"type\"");
}

/* Only a peer that cannot be a sender of runs is told. */
static void bad_end(struct intake_peer *p, bool newline)
{
	struct bad_text b = p->bad;

	p->bad.active = false;
	if (p->manner == MANNER_UNKNOWN && b.run_words && !b.request_words)
		p->manner = MANNER_DOCUMENTS;
	intake_invalid(p, b.code, NULL, b.bytes);
	if (!newline || p->manner == MANNER_DOCUMENTS)
		return;
	intake_become_lines(p);
	intake_write(p, b.code == -ENOMEM ? VIEW(OUT_OF_MEMORY) : VIEW(INVALID_JSON));
}

/* Swallows bad text up to the next newline. Returns how many bytes it took. */
static size_t bad_feed(struct intake_peer *p, const char *data, size_t len)
{
	const char *newline = memchr(data, '\n', len);
	size_t take = newline ? (size_t)(newline - data) + 1 : len;
	bad_note(p, data, newline ? take - 1 : take);
	if (newline)
		bad_end(p, true);
	else if (p->bad.bytes > p->in->opt.max_document)
		refuse_large(p, p->bad.bytes);
	return take;
}

/* --- bounds
 * ------------------------------------------------------------------------------------------------------ */

/* Does the text announce a push? Its first key decides: senders may sort their keys. */
static bool announces_push(const char *data, size_t len)
{
	static const char *const keys[] = { "\"runs\"", "\"samples\"", "\"records\"", "\"test_runs\"" };
	size_t i = skip_blank(data, len);
	if (i >= len || data[i] != '{')
		return false;
	i++;
	i += skip_blank(data + i, len - i);
	for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++)
		if (len - i >= strlen(keys[k]) && memcmp(data + i, keys[k], strlen(keys[k])) == 0)
			return true;
	if (len - i < 6 || memcmp(data + i, "\"type\"", 6) != 0)
		return false;
	i += 6;
	i += skip_blank(data + i, len - i);
	if (i >= len || data[i++] != ':')
		return false;
	i += skip_blank(data + i, len - i);
	return len - i >= 6 && memcmp(data + i, "\"push\"", 6) == 0;
}

static bool too_large(struct intake_peer *p, const char *data, size_t len, size_t total)
{
	const struct intake_options *opt = &p->in->opt;
	if (total <= opt->max_document)
		return false;
	return total > opt->max_push || !announces_push(data, len);
}

static void refuse_large(struct intake_peer *p, size_t bytes)
{
	struct intake *in = p->in;
	uint32_t swallowed;
	in->stats.oversize++;
	if (log_gate(&in->gate_oversize, clock_mono_us(in->clock), 1, &swallowed))
		LOG(in->log, LOG_WARN, "intake", "document too large, connection closed",
		    LF_I("bytes_at_least", bytes), LF_I("max_document", in->opt.max_document),
		    LF_I("suppressed", swallowed));
	intake_close_peer(p);
}

/* --- pieces
 * ------------------------------------------------------------------------------------------------------ */

/* In lines, an object must stand alone on its line. Says whether what follows it (as far as known) allows
 * that, and takes the line's end along. */
static bool line_ends(struct intake_peer *p, const char *data, size_t len, size_t *take)
{
	const char *newline = memchr(data, '\n', len);
	size_t rest = newline ? (size_t)(newline - data) : len;
	for (size_t i = 0; i < rest; i++)
		if (!is_blank(data[i]))
			return false;
	*take = newline ? rest + 1 : rest;
	p->answered_line = !newline;
	return true;
}

/* Has the object a string "type"? Reads the tape directly, as this is asked of every run. */
static bool is_request(const struct json_doc *d)
{
	bool yes = false;
	for (json_ref key = 1; key < d->nodes[0].end; key = d->nodes[key + 1].end) {
		const struct json_node *n = &d->nodes[key];
		if (n->len == 4 && memcmp(d->text + n->off, "type", 4) == 0)
			yes = d->nodes[key + 1].type == JSON_STRING;
	}
	return yes;
}

/* An object was parsed from text[0..used); more bytes of the same read follow it. Returns how many of those
 * it took. */
static size_t object_done(struct intake_peer *p, const struct json_doc *doc, const char *text, size_t used,
			  const char *more, size_t n_more)
{
	size_t take = 0;
	bool request = p->manner == MANNER_LINES || is_request(doc);

	if (request) {
		intake_become_lines(p);
		if (p->closing)
			return n_more;
		if (!line_ends(p, more, n_more, &take)) {
			bad_begin(p, ERR_SYNTAX, text[0]);
			bad_note(p, text, used);
			return bad_feed(p, more, n_more);
		}
	}
	intake_dispatch(p, doc, used);
	return take;
}

/* Looks at one object (or the start of one) at data[0], which is no blank. Returns how many bytes are done
 * with. */
static size_t object_in_place(struct intake_peer *p, const char *data, size_t len)
{
	size_t used = 0, scan = len;

	if (p->manner == MANNER_LINES) {
		const char *newline = memchr(data, '\n', len);
		scan = newline ? (size_t)(newline - data) : len;
	}
	int rc = data[0] == '{' ? json_parse(&p->in->doc, data, scan, 0, &used) : ERR_TYPE;
	if (rc == 0 && !too_large(p, data, used, used))
		return used + object_done(p, &p->in->doc, data, used, data + used, len - used);
	if (rc == 0 || (rc == ERR_MORE && too_large(p, data, len, len))) {
		refuse_large(p, len);
		return len;
	}
	if (rc == ERR_MORE && scan == len) {
		size_t end;
		p->frame = (struct json_frame){ 0 };
		json_frame_feed(&p->frame, data, len, &end);
		intake_half_add(p, data, len);
		return len;
	}
	/* Up to the mistake, and from there to the end of its line, it is one bad text. */
	used = data[0] == '{' && rc != ERR_MORE && p->in->doc.error_off < scan ? p->in->doc.error_off : 0;
	bad_begin(p, rc == ERR_MORE ? ERR_SYNTAX : rc, data[0]);
	bad_note(p, data, used);
	return used + bad_feed(p, data + used, len - used);
}

/* More bytes for the object in `pending`. Returns how many are done with. */
static size_t object_in_pieces(struct intake_peer *p, const char *data, size_t len)
{
	size_t end = 0, used = 0;
	const char *newline = p->manner == MANNER_LINES ? memchr(data, '\n', len) : NULL;
	size_t scan = newline ? (size_t)(newline - data) : len;
	bool whole = json_frame_feed(&p->frame, data, scan, &end);
	size_t take = whole ? end : scan;

	if (too_large(p, p->pending.data, p->pending.len, p->pending.len + take)) {
		refuse_large(p, p->pending.len + take);
		return len;
	}
	if (!intake_half_add(p, data, take) || (!whole && !newline))
		return len;

	/* The text must outlive the handler, and the handler may close the peer. */
	struct buf text = intake_half_take(p);
	if (text.len < INTAKE_LARGE || !whole || !intake_parse_apart(p, &text)) {
		int rc = json_parse(&p->in->doc, text.data, text.len, 0, &used);
		take += intake_parsed(p, &p->in->doc, rc, &text, data + take, len - take);
	}
	buf_fini(&text);
	return take;
}

size_t intake_parsed(struct intake_peer *p, const struct json_doc *doc, int rc, const struct buf *text,
		     const char *more, size_t n_more)
{
	if (rc == 0)
		return object_done(p, doc, text->data, text->len, more, n_more);
	bad_begin(p, rc == ERR_MORE ? ERR_SYNTAX : rc, text->data[0]);
	bad_note(p, text->data, text->len);
	return bad_feed(p, more, n_more);
}

/* Blank text between objects. In lines an empty line is a request too: a wrong one. */
static size_t between(struct intake_peer *p, const char *data, size_t len)
{
	size_t i = 0;
	for (; i < len && is_blank(data[i]); i++) {
		if (data[i] != '\n' || p->manner != MANNER_LINES)
			continue;
		if (!p->answered_line) {
			intake_invalid(p, ERR_SYNTAX, NULL, 0);
			intake_write(p, VIEW(INVALID_JSON));
		}
		p->answered_line = false;
	}
	if (i < len)
		p->answered_line = false;
	return i;
}

/* Idle limits: short inside a document, long between documents, none for a client that waits for its slot. */
static void arm_idle(struct intake_peer *p)
{
	bool inside = p->pending.len || p->bad.active;
	int64_t ms = inside ? p->in->opt.first_byte_ms : p->manner == MANNER_LINES ? 0 : INTAKE_BETWEEN_MS;

	if (p->closing || p->paused)
		return;
	if (inside && p->incomplete_since &&
	    clock_mono_us(p->in->clock) - p->incomplete_since > DRIP_FACTOR * ms * US_PER_MS) {
		intake_finish(p, true);
		return;
	}
	if (ms != p->idle_ms) {
		p->idle_ms = ms;
		unix_peer_idle_timeout(p->up, ms);
	}
}

void intake_feed(struct intake_peer *p, const char *data, size_t len)
{
	size_t at = 0;

	while (at < len && !p->closing && !p->paused) {
		if (p->bad.active) {
			at += bad_feed(p, data + at, len - at);
			continue;
		}
		if (p->pending.len) {
			at += object_in_pieces(p, data + at, len - at);
			continue;
		}
		at += between(p, data + at, len - at);
		if (at < len && !p->closing)
			at += object_in_place(p, data + at, len - at);
	}
	if (p->paused && at < len && !p->closing)
		intake_half_add(p, data + at, len - at);
	if (p->in->doc.cap > NODES_KEEP) {
		json_doc_fini(&p->in->doc);
		json_doc_init(&p->in->doc);
	}
	arm_idle(p);
}

void intake_finish(struct intake_peer *p, bool timed_out)
{
	struct intake *in = p->in;

	if (p->bad.active) {
		bad_end(p, false);
	} else if (p->pending.len && !p->paused) {
		in->stats.incomplete++;
		in->stats.timeouts += timed_out;
		if (p->manner != MANNER_LINES)
			intake_invalid(p, ERR_MORE, NULL, p->pending.len);
		intake_half_drop(p);
	}
	intake_close_peer(p);
}
