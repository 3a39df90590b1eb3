/* StatsD lines over a stream: cut out in place, half a line waits in the connection's own small buffer. */
#include "intake/statsd.h"

#include <stdlib.h>

#define STREAM_LINE_MAX 2048

struct stream_peer {
	struct statsd *statsd;
	struct unix_peer *up;
	size_t held;
	bool skipping; /* to the end of a line that is too long */
	char line[STREAM_LINE_MAX];
};

static void *stream_open(void *arg, struct unix_peer *up)
{
	struct stream_peer *p = malloc(sizeof(*p));
	if (!p)
		return NULL;
	p->statsd = arg;
	p->up = up;
	p->held = 0;
	p->skipping = false;
	return p;
}

static void hold(struct stream_peer *p, const char *data, size_t len)
{
	if (p->skipping)
		return;
	if (len > STREAM_LINE_MAX - p->held) {
		statsd_note_bad(p->statsd,
				p->held ? (struct view){ p->line, p->held } : (struct view){ data, len },
				"the line is longer than 2048 bytes");
		p->skipping = true;
		p->held = 0;
		return;
	}
	memcpy(p->line + p->held, data, len);
	p->held += len;
}

static void stream_data(void *user, const char *data, size_t len)
{
	struct stream_peer *p = user;
	const char *newline;
	if ((p->held || p->skipping) && (newline = memchr(data, '\n', len))) {
		size_t n = (size_t)(newline - data) + 1;
		hold(p, data, n - 1);
		statsd_feed(p->statsd, p->line, p->held);
		p->held = 0;
		p->skipping = false;
		data += n;
		len -= n;
	}
	const char *last = !p->held && !p->skipping && len ? memrchr(data, '\n', len) : NULL;
	if (last) {
		size_t n = (size_t)(last - data) + 1;
		statsd_feed(p->statsd, data, n);
		data += n;
		len -= n;
	}
	if (len)
		hold(p, data, len);
}

/* The last line needs no newline. */
static void stream_end(void *user, int status)
{
	struct stream_peer *p = user;
	(void)status;
	statsd_feed(p->statsd, p->line, p->held);
	p->held = 0;
	unix_peer_close(p->up);
}

struct unix_handler statsd_stream_handler(struct statsd *s)
{
	return (struct unix_handler){ stream_open, stream_data, stream_end, free, s };
}
