/* GET /metrics: every series of every domain in the Prometheus text format, from the registry's last values. */
#include "app/parts.h"

#include "base/num.h"
#include "series/key.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define STALE_MS (5 * MS_PER_MINUTE) /* Prometheus itself forgets after five minutes */

/* retry.failed_runs → retry_failed_runs, counters with _total. */
static void metric_name(const struct series *s, struct view name, struct buf *out)
{
	for (size_t i = 0; i < name.len; i++)
		buf_putc(out,
			 isalnum((unsigned char)name.data[i]) || name.data[i] == ':' ? name.data[i] : '_');
	bool has = name.len > 6 && memcmp(name.data + name.len - 6, "_total", 6) == 0;
	if (s->meta.type == SERIES_COUNTER && !has)
		buf_puts(out, "_total");
}

static void label_value(struct view v, struct buf *out)
{
	buf_putc(out, '"');
	for (size_t i = 0; i < v.len; i++) {
		char c = v.data[i];
		if (c == '\n')
			buf_puts(out, "\\n");
		else if (c == '"' || c == '\\')
			buf_printf(out, "\\%c", c);
		else
			buf_putc(out, c);
	}
	buf_putc(out, '"');
}

static void write_labels(const struct series_key *key, struct buf *out)
{
	if (!key->n_labels)
		return;
	for (size_t i = 0; i < key->n_labels; i++) {
		buf_putc(out, i ? ',' : '{');
		buf_view(out, key->labels[i].name);
		buf_putc(out, '=');
		label_value(key->labels[i].value, out);
	}
	buf_putc(out, '}');
}

static void write_head(const struct series *s, struct view name, struct buf *out)
{
	if (s->meta.help && *s->meta.help) {
		buf_puts(out, "# HELP ");
		metric_name(s, name, out);
		buf_printf(out, " %s\n", s->meta.help);
	}
	buf_puts(out, "# TYPE ");
	metric_name(s, name, out);
	buf_puts(out, s->meta.type == SERIES_COUNTER ? " counter\n" : " gauge\n");
}

static struct view name_of(const struct series *s)
{
	const char *brace = memchr(s->key.data, '{', s->key.len);
	return (struct view){ s->key.data, brace ? (size_t)(brace - s->key.data) : s->key.len };
}

/* Series of one metric must stand together, whatever order they came in. */
static int by_key(const void *a, const void *b)
{
	const struct series *const *x = a, *const *y = b;
	struct view n = name_of(*x), m = name_of(*y);
	int order = memcmp(n.data, m.data, n.len < m.len ? n.len : m.len);
	if (order == 0 && n.len != m.len)
		order = n.len < m.len ? -1 : 1;
	return order ? order : (*x)->id < (*y)->id ? -1 : 1;
}

static void write_series(const struct series *s, struct buf *out)
{
	struct series_key key;
	char number[NUM_DOUBLE_MAX];
	if (series_key_parse(s->key, &key, NULL) < 0)
		return;
	metric_name(s, name_of(s), out);
	write_labels(&key, out);
	num_format_double(s->last_v, number);
	buf_printf(out, " %s\n", number);
}

static void get_metrics(struct http_request *r, void *ctx)
{
	struct daemon *d = ctx;
	struct buf *out = http_out(r);
	uint32_t n = 0, count = registry_count(d->registry);
	wall_ms fresh = clock_wall_ms(d->clock) - STALE_MS;
	const struct series **all = arena_alloc(http_arena(r), (count + 1) * sizeof(*all));
	for (series_id id = 0; all && id < count; id++) {
		const struct series *s = registry_get(d->registry, id);
		if (s->last_t >= fresh && s->last_t)
			all[n++] = s;
	}
	if (all)
		qsort(all, n, sizeof(*all), by_key);
	buf_printf(
		out,
		"# HELP auspex_up The daemon answers.\n# TYPE auspex_up gauge\nauspex_up{version=\"%s\"} 1\n",
		AUSPEX_VERSION);
	for (uint32_t i = 0; i < n; i++) {
		if (i == 0 || !view_eq(name_of(all[i]), name_of(all[i - 1])))
			write_head(all[i], name_of(all[i]), out);
		write_series(all[i], out);
	}
	http_set_type(r, "text/plain; version=0.0.4; charset=utf-8");
	http_send(r, 200);
}

const struct http_route api_metrics_routes[] = {
	{ METHOD_GET, "/metrics", FAMILY_OWN, ACCESS_READ, LIMIT_NONE, get_metrics,
	  .summary = "All series in the Prometheus text format", .content_type = "text/plain" },
};
const size_t api_metrics_n = sizeof(api_metrics_routes) / sizeof(api_metrics_routes[0]);
