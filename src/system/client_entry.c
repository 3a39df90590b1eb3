#include "client_entry.h"

#include "base/num.h"
#include "base/utf8.h"
#include "os/process.h"

#include <math.h>

#define MIB 1048576.0

void client_put_time(struct buf *out, int64_t us)
{
	char digits[6];
	if (us < 0)
		us = 0;
	buf_int(out, us / US_PER_S);
	int64_t rest = us % US_PER_S;
	for (int i = 5; i >= 0; i--, rest /= 10)
		digits[i] = (char)('0' + rest % 10);
	buf_putc(out, '.');
	buf_append(out, digits, sizeof(digits));
}

/* Shortest form, but never without a point. */
static void put_double(struct buf *out, double v)
{
	char text[NUM_DOUBLE_MAX];
	size_t n = num_format_double(isfinite(v) ? v : 0, text);
	buf_append(out, text, n);
	if (!memchr(text, '.', n) && !memchr(text, 'e', n))
		buf_puts(out, ".0");
}

static void put_rounded(struct buf *out, double v, int decimals)
{
	double scale = decimals == 1 ? 10 : decimals == 2 ? 100 : 1000;
	put_double(out, fabs(v) < 1e12 ? round(v * scale) / scale : v);
}

static void put_loads(struct buf *out, const double load[3])
{
	static const char *const names[] = { ",\"load_avg_1m\":", ",\"load_avg_5m\":", ",\"load_avg_15m\":" };
	for (int i = 0; i < 3; i++) {
		buf_puts(out, names[i]);
		put_rounded(out, load[i], 3);
	}
}

void client_put_system(struct buf *out, const struct host_sample *s)
{
	buf_puts(out, ",\"cpu_percent\":");
	put_rounded(out, s->cpu_percent, 1);
	buf_puts(out, ",\"memory_percent\":");
	put_rounded(out, s->memory_percent, 1);
	buf_puts(out, ",\"memory_available_mb\":");
	put_double(out, s->memory_available_mb);
	buf_puts(out, ",\"memory_used_mb\":");
	put_double(out, s->memory_used_mb);
	if (s->have & HOST_LOAD)
		put_loads(out, (const double[]){ s->load_1m, s->load_5m, s->load_15m });
	buf_putc(out, '}');
}

static void put_count(struct buf *out, uint64_t v)
{
	buf_int(out, v <= INT64_MAX ? (long long)v : INT64_MAX);
}

void client_put_network(struct buf *out, const struct host_network *n)
{
	buf_puts(out, "{\"bytes_sent\":");
	put_count(out, n->bytes_sent);
	buf_puts(out, ",\"bytes_recv\":");
	put_count(out, n->bytes_recv);
	buf_puts(out, ",\"packets_sent\":");
	put_count(out, n->packets_sent);
	buf_puts(out, ",\"packets_recv\":");
	put_count(out, n->packets_recv);
	if (n->active_connections >= 0) {
		buf_puts(out, ",\"active_connections\":");
		buf_int(out, n->active_connections);
	}
	buf_putc(out, '}');
}

void client_put_rates(struct buf *out, const struct host_network *n)
{
	const struct {
		const char *name;
		double v;
	} rates[] = {
		{ ",\"bytes_sent_per_s\":", n->bytes_sent_per_s },
		{ ",\"bytes_recv_per_s\":", n->bytes_recv_per_s },
		{ ",\"packets_sent_per_s\":", n->packets_sent_per_s },
		{ ",\"packets_recv_per_s\":", n->packets_recv_per_s },
	};
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		if (!isfinite(rates[i].v))
			continue;
		buf_puts(out, rates[i].name);
		put_rounded(out, rates[i].v, 1);
	}
}

/* --- processes ------------------------------------------------------------------------------------------------------- */

static void put_escape(struct buf *out, uint32_t unit)
{
	static const char hex[] = "0123456789abcdef";
	const char text[6] = {
		'\\', 'u', hex[unit >> 12 & 15], hex[unit >> 8 & 15], hex[unit >> 4 & 15], hex[unit & 15]
	};
	buf_append(out, text, sizeof(text));
}

/* Takes one character of valid UTF-8 off the front. */
static uint32_t take_character(struct view *v)
{
	const unsigned char *p = (const unsigned char *)v->data;
	size_t n = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	uint32_t c = n == 1 ? p[0] : n == 2 ? p[0] & 0x1f : n == 3 ? p[0] & 0x0f : p[0] & 0x07;
	for (size_t i = 1; i < n && i < v->len; i++)
		c = c << 6 | (p[i] & 0x3f);
	n = n < v->len ? n : v->len;
	v->data += n;
	v->len -= n;
	return c;
}

static void put_character(struct buf *out, uint32_t c)
{
	if (c == '"' || c == '\\') {
		buf_putc(out, '\\');
		buf_putc(out, (char)c);
	} else if (c >= ' ' && c < 0x7f) {
		buf_putc(out, (char)c);
	} else if (c < 0x10000) {
		put_escape(out, c);
	} else {
		put_escape(out, 0xd800 + ((c - 0x10000) >> 10));
		put_escape(out, 0xdc00 + ((c - 0x10000) & 0x3ff));
	}
}

/* Quoted and in ASCII; what is no UTF-8 becomes U+FFFD. */
static void put_text(struct buf *out, struct view text)
{
	buf_putc(out, '"');
	while (text.len) {
		struct view good = { text.data, utf8_valid_prefix(text.data, text.len) };
		text.data += good.len;
		text.len -= good.len;
		while (good.len)
			put_character(out, take_character(&good));
		if (text.len) {
			put_escape(out, 0xfffd);
			text.data++;
			text.len--;
		}
	}
	buf_putc(out, '"');
}

static void put_process(struct buf *out, const struct host_process *p, int64_t t_us)
{
	buf_putc(out, '"');
	buf_int(out, p->pid);
	buf_puts(out, "\":{\"timestamp\":");
	client_put_time(out, t_us);
	buf_puts(out, ",\"pid\":");
	buf_int(out, p->pid);
	buf_puts(out, ",\"name\":");
	put_text(out, p->name);
	buf_puts(out, ",\"cpu_percent\":");
	put_rounded(out, p->cpu_percent, 1);
	buf_puts(out, ",\"memory_rss_mb\":");
	put_double(out, (double)p->rss_bytes / MIB);
	buf_puts(out, ",\"memory_vms_mb\":");
	put_double(out, (double)p->vms_bytes / MIB);
	buf_puts(out, ",\"num_threads\":");
	buf_int(out, p->threads);
	buf_puts(out, ",\"status\":\"");
	buf_puts(out, process_state_word(p->state));
	buf_putc(out, '"');
	if (p->create_time >= 0) {
		buf_puts(out, ",\"create_time\":");
		put_rounded(out, p->create_time, 2);
	}
	if (p->cmdline.len) {
		buf_puts(out, ",\"cmdline\":");
		put_text(out, p->cmdline);
	}
	buf_putc(out, '}');
}

void client_put_processes(struct buf *out, const struct host_sample *s, size_t limit)
{
	size_t begin = out->len;
	buf_putc(out, '{');
	for (uint32_t i = 0; (s->have & HOST_PROCESSES) && i < s->n_processes; i++) {
		size_t before = out->len;
		if (i)
			buf_putc(out, ',');
		put_process(out, &s->processes[i], s->t / NS_PER_US);
		if (out->len - begin + 1 > limit) {
			out->len = before;
			break;
		}
	}
	buf_putc(out, '}');
}

/* --- the past ------------------------------------------------------------------------------------------------------------ */

void client_put_past(struct buf *out, const struct past_entry *e, bool shadow)
{
	buf_puts(out, "{\"system\":{\"timestamp\":");
	client_put_time(out, shadow ? e->mono : e->t / NS_PER_US);
	buf_puts(out, ",\"cpu_percent\":");
	put_rounded(out, e->cpu_percent, 1);
	buf_puts(out, ",\"memory_percent\":");
	put_rounded(out, e->memory_percent, 1);
	buf_puts(out, ",\"memory_available_mb\":");
	put_rounded(out, e->memory_available_mb, 1);
	buf_puts(out, ",\"memory_used_mb\":");
	put_rounded(out, e->memory_used_mb, 1);
	if (e->has_load && !shadow) /* who looks by the monotonic clock wants means of the first four */
		put_loads(out, e->load);
	buf_puts(out, "},\"processes\":{},\"timestamp\":");
	client_put_time(out, e->t / NS_PER_US);
	buf_puts(out, shadow ? CLIENT_CLOCK "}" : "}");
}
