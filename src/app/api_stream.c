/* GET /api/stream: Server-Sent Events. Topics:
 *   events   each event of the timeline, with its id (Last-Event-ID resumes)
 *   samples  each tick: {"t":…,"values":{"key":value}}, of all series or those that match a pattern
 *   retry    at the beginning and after new runs came, at most four times a second: {"stored":N,"total":M}
 * A reader that cannot keep up loses the oldest of what waits for it and is told: `event: lost`. */
#include "app/parts.h"

#include "base/num.h"
#include "series/key.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TOPIC_EVENTS     1u
#define TOPIC_SAMPLES    2u
#define TOPIC_RETRY      4u
#define TOPICS_ALL       7u
#define QUEUE_MAX        (256u * 1024u) /* bytes that may wait for one reader */
#define PULSE_MS         250
#define KEEPALIVE_PULSES 60 /* a comment line every 15 s tells proxies and us that the peer lives */
#define MAX_READERS      256

struct reader {
	struct reader *next, **link;
	struct stream *stream;
	struct http_request *r;
	struct buf queue;
	unsigned topics;
	char *match; /* pattern over the keys of samples; NULL: all. Owned */
	uint64_t lost;
};

struct stream {
	struct daemon *d;
	struct reader *readers;
	uint32_t n_readers;
	uv_timer_t pulse;
	uint32_t pulses;
	uint64_t seen_seq;
	int64_t seen_event; /* highest id sent */
	struct buf line;    /* one message, written once for all readers */
	void (*cb)(void *arg);
	void *arg;
};

static bool reader_pump(struct http_request *r, struct buf *out, void *state)
{
	struct reader *reader = state;
	(void)r;
	if (reader->lost) {
		buf_printf(out, "event: lost\ndata: {\"messages\":%llu}\n\n",
			   (unsigned long long)reader->lost);
		reader->lost = 0;
	}
	buf_append(out, reader->queue.data, reader->queue.len);
	buf_clear(&reader->queue);
	buf_shrink(&reader->queue, 4096);
	return true;
}

static void reader_gone(void *state)
{
	struct reader *reader = state;
	*reader->link = reader->next;
	if (reader->next)
		reader->next->link = reader->link;
	reader->stream->n_readers--;
	buf_fini(&reader->queue);
	free(reader->match);
	free(reader);
}

/* What waits for one reader: the line as it stands. */
static void reader_take(struct reader *r, const struct buf *line)
{
	if (r->queue.len + line->len > QUEUE_MAX)
		r->lost++;
	else
		buf_append(&r->queue, line->data, line->len);
}

static void send_line(struct stream *s, unsigned topic)
{
	for (struct reader *r = s->readers, *next; r; r = next) {
		next = r->next; /* waking may end the reader */
		if (!(r->topics & topic))
			continue;
		reader_take(r, &s->line);
		http_stream_wake(r->r);
	}
	buf_clear(&s->line);
}

static void write_event_line(struct stream *s, const struct event *e)
{
	buf_printf(&s->line, "id: %lld\nevent: event\ndata: ", (long long)e->id);
	struct jw w = jw_init(&s->line, JW_COMPACT);
	event_write_json(&w, NULL, e);
	buf_puts(&s->line, "\n\n");
}

/* The tick as far as it matches; NULL: all of it. False where nothing does. */
static bool write_tick_line(struct stream *s, const struct tick *tick, const char *match)
{
	bool any = false;
	buf_puts(&s->line, "event: samples\ndata: ");
	struct jw w = jw_init(&s->line, JW_COMPACT);
	jw_obj(&w, NULL);
	jw_fixed(&w, "t", (double)tick->t / 1000.0, 3);
	jw_obj(&w, "values");
	for (uint32_t i = 0; i < tick->n; i++) {
		const struct series *series = registry_get(s->d->registry, tick->series[i]);
		if (!series || tick->values[i] != tick->values[i])
			continue;
		if (match && !series_key_match(view_of(match), series->key))
			continue;
		jw_key(&w, series->key);
		jw_double(&w, NULL, tick->values[i]);
		any = true;
	}
	jw_end(&w);
	jw_end(&w);
	buf_puts(&s->line, "\n\n");
	return any;
}

/* Written once for readers of everything that follow each other, and for each that wants a part. */
static void send_tick(struct stream *s, const struct tick *tick)
{
	bool whole = false, any = false;
	for (struct reader *r = s->readers, *next; r; r = next) {
		next = r->next; /* waking may end the reader */
		if (!(r->topics & TOPIC_SAMPLES))
			continue;
		if (r->match || !whole) {
			buf_clear(&s->line);
			any = write_tick_line(s, tick, r->match);
			whole = !r->match;
		}
		if (!any)
			continue;
		reader_take(r, &s->line);
		http_stream_wake(r->r);
	}
	buf_clear(&s->line);
}

static void send_event(void *arg, const struct event *e)
{
	struct stream *s = arg;
	s->seen_event = e->id;
	if (!s->readers)
		return;
	write_event_line(s, e);
	send_line(s, TOPIC_EVENTS);
}

/* The timeline subscribed before us: what it has just taken is there, with its number. */
static void on_item(void *arg, const struct hub_item *item)
{
	struct stream *s = arg;
	if (item->type == HUB_EVENT) {
		timeline_replay(s->d->timeline, s->seen_event, send_event, s);
	} else if (item->type == HUB_TICK) {
		send_tick(s, &item->u.tick);
	}
}

static void write_retry_line(const struct book *book, struct buf *out)
{
	buf_printf(out, "event: retry\ndata: {\"stored\":%llu,\"total\":%llu}\n\n",
		   (unsigned long long)book_count(book), (unsigned long long)book_totals(book).runs);
}

static void on_pulse(uv_timer_t *timer)
{
	struct stream *s = timer->data;
	if (!s->readers) {
		uv_timer_stop(timer);
		return;
	}
	if (++s->pulses % KEEPALIVE_PULSES == 0) {
		buf_puts(&s->line, ": alive\n\n");
		send_line(s, TOPICS_ALL);
	}
	if (!s->d->retry)
		return;
	const struct book *book = retry_book(s->d->retry);
	uint64_t seq = book_next_seq(book);
	if (seq == s->seen_seq)
		return;
	s->seen_seq = seq;
	write_retry_line(book, &s->line);
	send_line(s, TOPIC_RETRY);
}

static unsigned parse_topics(struct view text)
{
	static const struct {
		const char *name;
		unsigned bit;
	} topics[] = { { "events", TOPIC_EVENTS }, { "samples", TOPIC_SAMPLES }, { "retry", TOPIC_RETRY } };
	unsigned mask = 0;
	if (!text.len)
		return TOPICS_ALL;
	while (text.len) {
		const char *comma = memchr(text.data, ',', text.len);
		struct view name =
			view_trim((struct view){ text.data, comma ? (size_t)(comma - text.data) : text.len });
		unsigned bit = 0;
		for (size_t i = 0; i < 3; i++)
			if (view_eq(name, view_of(topics[i].name)))
				bit = topics[i].bit;
		if (!bit)
			return 0;
		mask |= bit;
		size_t used = comma ? (size_t)(comma - text.data) + 1 : text.len;
		text = (struct view){ text.data + used, text.len - used };
	}
	return mask;
}

/* Events after Last-Event-ID that RAM still holds, for a reader that was cut off. */
static void replay_event(void *arg, const struct event *e)
{
	struct reader *reader = arg;
	struct stream *s = reader->stream;
	write_event_line(s, e);
	reader_take(reader, &s->line);
	buf_clear(&s->line);
}

static void get_stream(struct http_request *r, void *ctx)
{
	struct daemon *d = ctx;
	struct stream *s = d->stream;
	unsigned topics = parse_topics(http_query(r, "topics"));
	if (!topics) {
		http_error(r, 400, "topics: use a comma-separated list of events, samples, retry");
		return;
	}
	struct view match = http_query(r, "match");
	char *pattern = match.len ? strndup(match.data, match.len) : NULL;
	struct reader *reader =
		!d->stopping && s->n_readers < MAX_READERS ? calloc(1, sizeof(*reader)) : NULL;
	if (!reader || (match.len && !pattern)) {
		free(reader);
		free(pattern);
		http_error(r, 503, "no further live stream now: at most %u are served", MAX_READERS);
		return;
	}
	*reader = (struct reader){ .stream = s,
				   .r = r,
				   .topics = topics,
				   .match = pattern,
				   .link = &s->readers,
				   .next = s->readers };
	buf_init(&reader->queue);
	if (reader->next)
		reader->next->link = &reader->next;
	s->readers = reader;
	s->n_readers++;
	buf_puts(&reader->queue, "retry: 2000\n\n");
	int64_t last;
	if ((topics & TOPIC_EVENTS) && num_parse_i64(http_header(r, "last-event-id"), &last) == 0)
		timeline_replay(d->timeline, last, replay_event, reader);
	if (topics & TOPIC_RETRY && d->retry) /* what came while the page was loading is not missed */
		write_retry_line(retry_book(d->retry), &reader->queue);
	uv_timer_start(&s->pulse, on_pulse, PULSE_MS, PULSE_MS);
	http_set_type(r, "text/event-stream");
	http_set_header(r, "Cache-Control", "no-store");
	struct http_stream stream = { reader_pump, reader_gone, reader };
	http_send_stream(r, 200, &stream);
}

int stream_start(struct daemon *d)
{
	struct stream *s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->d = d;
	buf_init(&s->line);
	uv_timer_init(&d->loop, &s->pulse);
	s->pulse.data = s;
	d->stream = s;
	int rc = hub_subscribe(d->hub, HUB_TICK | HUB_EVENT, on_item, s);
	return rc < 0 ? rc : 0;
}

static void pulse_closed(uv_handle_t *handle)
{
	struct stream *s = handle->data;
	s->cb(s->arg);
}

/* The readers themselves are ended by the HTTP server; the memory goes with them (stream_free). */
void stream_stop(struct daemon *d, void (*cb)(void *arg), void *arg)
{
	struct stream *s = d->stream;
	s->cb = cb;
	s->arg = arg;
	uv_close((uv_handle_t *)&s->pulse, pulse_closed);
}

void stream_free(struct stream *s)
{
	if (!s)
		return;
	buf_fini(&s->line);
	free(s);
}

static const struct http_param params[] = {
	{ "topics", "query", "string", "Comma-separated: events, samples, retry; default all." },
	{ "match", "query", "string",
	  "Pattern over the keys of samples: * any characters, ? one; default all." },
};
const struct http_route api_stream_routes[] = {
	{ METHOD_GET, "/api/stream", FAMILY_OWN, ACCESS_READ, LIMIT_NONE, get_stream, .params = params,
	  .n_params = 2, .summary = "Live updates as Server-Sent Events",
	  .content_type = "text/event-stream" },
};
const size_t api_stream_n = sizeof(api_stream_routes) / sizeof(api_stream_routes[0]);
