#include "upload_minute.h"

#include "dynamo_value.h"

#include "base/timefmt.h"

#include <math.h>
#include <stdio.h>

/* --- gathering -------------------------------------------------------------------------------------------------------------- */

static int64_t minute_of(wall_ns t)
{
	int64_t minutes = t / UPLOAD_MINUTE_NS - (t % UPLOAD_MINUTE_NS < 0);
	return minutes * 60;
}

void upload_minute_start(struct upload_minute *m, const struct host_sample *s)
{
	*m = (struct upload_minute){ .start_s = minute_of(s->t), .available_min = INFINITY };
}

bool upload_minute_takes(const struct upload_minute *m, const struct host_sample *s)
{
	return m->n > 0 && m->start_s == minute_of(s->t);
}

static void add_rates(struct upload_minute *m, const struct host_sample *s)
{
	if (!(s->have & HOST_NETWORK) || !isfinite(s->network.bytes_sent_per_s) ||
	    !isfinite(s->network.bytes_recv_per_s))
		return;
	m->sent_sum += s->network.bytes_sent_per_s;
	m->recv_sum += s->network.bytes_recv_per_s;
	m->with_rates++;
}

static void add_load(struct upload_minute *m, const struct host_sample *s)
{
	if (!(s->have & HOST_LOAD))
		return;
	m->have_load = true;
	m->load_1m = s->load_1m;
	m->load_5m = s->load_5m;
	m->load_15m = s->load_15m;
}

static void keep_point(struct upload_minute *m, wall_ns t)
{
	if (m->kept == UPLOAD_MINUTE_KEEP)
		return;
	m->points[m->kept++] = (struct upload_point){
		.t = (float)((double)(t - m->start_s * NS_PER_S) / 1e9),
		.cpu_percent = (float)m->cpu_percent,
		.memory_percent = (float)m->memory_percent,
		.memory_available_mb = (int32_t)m->memory_available_mb,
		.memory_used_mb = (int32_t)m->memory_used_mb,
	};
}

void upload_minute_add(struct upload_minute *m, const struct host_sample *s)
{
	if (s->have & HOST_CPU)
		m->cpu_percent = s->cpu_percent;
	if (s->have & HOST_MEMORY) {
		m->memory_percent = s->memory_percent;
		m->memory_available_mb = s->memory_available_mb;
		m->memory_used_mb = s->memory_used_mb;
	}
	m->n++;
	m->last_t = s->t;
	m->cpu_sum += m->cpu_percent;
	m->memory_sum += m->memory_percent;
	m->cpu_max = fmax(m->cpu_max, m->cpu_percent);
	m->memory_max = fmax(m->memory_max, m->memory_percent);
	m->available_min = fmin(m->available_min, m->memory_available_mb);
	m->used_max = fmax(m->used_max, m->memory_used_mb);
	add_rates(m, s);
	add_load(m, s);
	keep_point(m, s->t);
}

/* --- the item ---------------------------------------------------------------------------------------------------------------- */

static void put_key(struct jw *w, const struct upload_minute *m, struct view host)
{
	char text[UPLOAD_HOST_MAX + TIMEFMT_MAX + 1], time[TIMEFMT_MAX];
	time_format_rfc3339(m->start_s * NS_PER_S, 0, time); /* "2026-11-22T20:10:00Z" */
	int n = snprintf(text, sizeof(text), "%.*s#%.10s-%.2s", (int)host.len, host.data, time, time + 11);
	dynamo_put_text(w, "hostname_hour", (struct view){ text, (size_t)n });
	dynamo_put_int(w, "minute_timestamp", m->start_s);
	dynamo_put_text(w, "hostname", host);
	dynamo_put_int(w, "timestamp", m->start_s);
}

/* What upstream's readers know, with their types and roundings. */
static void put_known(struct jw *w, const struct upload_minute *m, wall_ns now)
{
	dynamo_put_number(w, "cpu_percent", m->cpu_percent, 1);
	dynamo_put_number(w, "memory_percent", m->memory_percent, 1);
	dynamo_put_number(w, "memory_available_mb", trunc(m->memory_available_mb), 0);
	dynamo_put_number(w, "memory_used_mb", trunc(m->memory_used_mb), 0);
	dynamo_put_seconds(w, "collected_at", m->last_t);
	dynamo_put_iso(w, "created_at", now);
	dynamo_put_int(w, "ttl", m->last_t / NS_PER_S + UPLOAD_TTL_S);
}

static void put_further(struct jw *w, const struct upload_minute *m)
{
	dynamo_put_int(w, "sample_count", m->n);
	if (m->partial)
		dynamo_put_bool(w, "partial", true);
	dynamo_put_number(w, "cpu_percent_avg", m->cpu_sum / m->n, 1);
	dynamo_put_number(w, "cpu_percent_max", m->cpu_max, 1);
	dynamo_put_number(w, "memory_percent_avg", m->memory_sum / m->n, 1);
	dynamo_put_number(w, "memory_percent_max", m->memory_max, 1);
	dynamo_put_number(w, "memory_available_mb_min", trunc(m->available_min), 0);
	dynamo_put_number(w, "memory_used_mb_max", trunc(m->used_max), 0);
	if (m->have_load) {
		dynamo_put_number(w, "load_avg_1m", m->load_1m, 2);
		dynamo_put_number(w, "load_avg_5m", m->load_5m, 2);
		dynamo_put_number(w, "load_avg_15m", m->load_15m, 2);
	}
	if (m->with_rates) {
		dynamo_put_number(w, "bytes_sent_per_s", m->sent_sum / m->with_rates, 0);
		dynamo_put_number(w, "bytes_recv_per_s", m->recv_sum / m->with_rates, 0);
	}
}

static void put_samples(struct jw *w, const struct upload_minute *m)
{
	struct buf text;
	buf_init(&text);
	struct jw s = jw_init(&text, JW_COMPACT);
	jw_obj(&s, NULL);
	jw_arr(&s, "t");
	for (uint32_t i = 0; i < m->kept; i++)
		jw_fixed(&s, NULL, m->points[i].t, 2);
	jw_end(&s);
	jw_arr(&s, "cpu_percent");
	for (uint32_t i = 0; i < m->kept; i++)
		jw_fixed(&s, NULL, m->points[i].cpu_percent, 1);
	jw_end(&s);
	jw_arr(&s, "memory_percent");
	for (uint32_t i = 0; i < m->kept; i++)
		jw_fixed(&s, NULL, m->points[i].memory_percent, 1);
	jw_end(&s);
	jw_arr(&s, "memory_available_mb");
	for (uint32_t i = 0; i < m->kept; i++)
		jw_i64(&s, NULL, m->points[i].memory_available_mb);
	jw_end(&s);
	jw_arr(&s, "memory_used_mb");
	for (uint32_t i = 0; i < m->kept; i++)
		jw_i64(&s, NULL, m->points[i].memory_used_mb);
	jw_end(&s);
	jw_end(&s);
	if (!text.failed) /* else the item goes without them */
		dynamo_put_text(w, "samples", (struct view){ text.data, text.len });
	buf_fini(&text);
}

void upload_minute_write(const struct upload_minute *m, struct view host, bool samples, wall_ns now,
			 struct buf *out)
{
	struct jw w = jw_init(out, JW_COMPACT);
	jw_obj(&w, NULL);
	put_key(&w, m, host);
	put_known(&w, m, now);
	put_further(&w, m);
	if (samples)
		put_samples(&w, m);
	jw_end(&w);
}

/* --- the host ----------------------------------------------------------------------------------------------------------------- */

static bool is_control(const unsigned char *p, size_t left, size_t *len)
{
	*len = 1;
	if (*p < 0x20 || *p == 0x7f)
		return true;
	if (*p == 0xc2 && left > 1 && p[1] >= 0x80 && p[1] < 0xa0) { /* U+0080 to U+009F */
		*len = 2;
		return true;
	}
	return false;
}

void upload_host_name(struct view raw, char out[UPLOAD_HOST_MAX])
{
	size_t n = 0, len;
	raw = view_trim(raw);
	for (size_t i = 0; i < raw.len && n < UPLOAD_HOST_MAX - 1; i += len)
		if (!is_control((const unsigned char *)raw.data + i, raw.len - i, &len))
			out[n++] = raw.data[i];
	out[n] = '\0';
	if (n == 0)
		memcpy(out, "unknown", sizeof("unknown"));
}
