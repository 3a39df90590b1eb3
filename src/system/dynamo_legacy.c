#include "dynamo_legacy.h"

#include "dynamo_value.h"

#include "base/digest.h"
#include "base/num.h"

#include <stdio.h>
#include <stdlib.h>

/* A minute, read again. */
struct minute {
	struct json_doc item, samples;
	struct arena arena;
	double start_s;
	wall_ns last;
	uint32_t n; /* samples */
};

static double number_of(struct minute *m, const char *key)
{
	double v = 0;
	struct view text = dynamo_get(&m->item, 0, key, "N", &m->arena);
	return text.len && num_parse_double(text, &v) == 0 ? v : 0;
}

static void minute_open(struct minute *m, struct view text)
{
	struct err ignored;
	json_doc_init(&m->item);
	json_doc_init(&m->samples);
	arena_init(&m->arena, 4096);
	json_parse_all(&m->item, text.data, text.len, 0, &ignored); /* what is left out is read as 0 */
	m->start_s = number_of(m, "minute_timestamp");
	m->last = sat_seconds_to_ns(number_of(m, "collected_at"));
	struct view samples = dynamo_get(&m->item, 0, "samples", "S", &m->arena);
	m->n = 0;
	if (samples.len && json_parse_all(&m->samples, samples.data, samples.len, 0, &ignored) == 0) {
		json_ref t = json_get(&m->samples, 0, VIEW("t"));
		m->n = json_type(&m->samples, t) == JSON_ARRAY ? m->samples.nodes[t].len : 0;
	}
}

static void minute_close(struct minute *m)
{
	arena_fini(&m->arena);
	json_doc_fini(&m->samples);
	json_doc_fini(&m->item);
}

/* Value i of a column of the samples. */
static double sample_of(const struct minute *m, const char *key, uint32_t i)
{
	double v = 0;
	json_ref list = json_get(&m->samples, 0, view_of(key));
	json_ref at = json_first(&m->samples, list); /* scalars: each is one node */
	if (json_type(&m->samples, list) == JSON_ARRAY && i < m->samples.nodes[list].len)
		json_double(&m->samples, at + i, &v);
	return v;
}

/* --- the record ----------------------------------------------------------------------------------------------------------------- */

struct entry {
	double t, cpu, memory, available, used;
};

static struct entry entry_of(struct minute *m, uint32_t i)
{
	if (m->n == 0) /* the samples were left out: the minute's own values are one */
		return (struct entry){ (double)m->last / 1e9, number_of(m, "cpu_percent"),
				       number_of(m, "memory_percent"), number_of(m, "memory_available_mb"),
				       number_of(m, "memory_used_mb") };
	return (struct entry){ m->start_s + sample_of(m, "t", i), sample_of(m, "cpu_percent", i),
			       sample_of(m, "memory_percent", i), sample_of(m, "memory_available_mb", i),
			       sample_of(m, "memory_used_mb", i) };
}

static void write_entry(struct jw *w, const struct entry *e)
{
	jw_obj(w, NULL);
	jw_obj(w, "system");
	jw_fixed(w, "timestamp", e->t, 2);
	jw_fixed(w, "cpu_percent", e->cpu, 1);
	jw_fixed(w, "memory_percent", e->memory, 1);
	jw_fixed(w, "memory_available_mb", e->available, 0);
	jw_fixed(w, "memory_used_mb", e->used, 0);
	jw_end(w);
	jw_obj(w, "processes");
	jw_end(w);
	jw_fixed(w, "timestamp", e->t, 2);
	jw_end(w);
}

static void put_id(struct jw *w, enum dynamo_form form, const char *text)
{
	jw_obj(w, "id");
	jw_cstr(w, form == DYNAMO_FORM_ID_NUMBER ? "N" : "S", text);
	jw_end(w);
}

static void record_id(const struct minute *m, char out[24])
{
	snprintf(out, 24, "%lld", (long long)(m->last / NS_PER_MS));
}

static void write_record(struct jw *w, struct minute *m, enum dynamo_form form, struct view host, wall_ns now)
{
	uint32_t n = m->n ? m->n : 1;
	struct entry first = entry_of(m, 0), last = entry_of(m, n - 1);
	struct buf data;
	char id[24];
	buf_init(&data);
	struct jw list = jw_init(&data, JW_COMPACT);
	jw_arr(&list, NULL);
	for (uint32_t i = 0; i < n; i++) {
		struct entry e = entry_of(m, i);
		write_entry(&list, &e);
	}
	jw_end(&list);
	record_id(m, id);
	put_id(w, form, id);
	dynamo_put_text(w, "hostname", host);
	dynamo_put_seconds(w, "timestamp", m->last);
	dynamo_put_int(w, "batch_size", n);
	dynamo_put_number(w, "start_time", first.t, 2);
	dynamo_put_number(w, "end_time", last.t, 2);
	dynamo_put_text(w, "metrics_data", (struct view){ data.data, data.len });
	dynamo_put_iso(w, "created_at", now);
	dynamo_put_text(w, "data_type", VIEW("system_metrics"));
	dynamo_put_bool(w, "compressed", false);
	w->out->failed |= data.failed;
	buf_fini(&data);
}

/* The first four bytes of an MD5 of the name: what its readers make of it, too. */
static void marker_id(struct view host, char out[24])
{
	unsigned char sum[MD5_SIZE];
	char text[300];
	int n = snprintf(text, sizeof(text), "latest_%.*s", (int)(host.len < 260 ? host.len : 260),
			 host.data);
	md5(text, (size_t)n, sum);
	uint32_t id = (uint32_t)sum[0] << 24 | (uint32_t)sum[1] << 16 | (uint32_t)sum[2] << 8 | sum[3];
	snprintf(out, 24, "%lu", (unsigned long)id);
}

static void write_marker(struct jw *w, const struct minute *m, enum dynamo_form form, struct view host,
			 wall_ns now)
{
	char id[24], latest[24];
	marker_id(host, id);
	record_id(m, latest);
	put_id(w, form, id);
	dynamo_put_text(w, "hostname", host);
	dynamo_put_seconds(w, "timestamp", m->last);
	dynamo_put_text(w, "latest_record_id", view_of(latest));
	dynamo_put_bool(w, "compressed", false);
	dynamo_put_text(w, "record_type", VIEW("latest_marker"));
	dynamo_put_iso(w, "updated_at", now);
}

/* --- the request ------------------------------------------------------------------------------------------------------------------ */

static void begin_item(struct jw *w)
{
	jw_obj(w, NULL);
	jw_obj(w, "PutRequest");
	jw_obj(w, "Item");
}

static void end_item(struct jw *w)
{
	jw_end(w);
	jw_end(w);
	jw_end(w);
}

void dynamo_legacy_write_batch(struct buf *out, const char *table, enum dynamo_form form,
			       const struct view *minutes, size_t n, struct view host, wall_ns now)
{
	struct jw w = jw_init(out, JW_COMPACT);
	jw_obj(&w, NULL);
	jw_obj(&w, "RequestItems");
	jw_arr(&w, table);
	for (size_t i = 0; i < n; i++) {
		struct minute m;
		minute_open(&m, minutes[i]);
		begin_item(&w);
		write_record(&w, &m, form, host, now);
		end_item(&w);
		if (i + 1 == n) {
			begin_item(&w);
			write_marker(&w, &m, form, host, now);
			end_item(&w);
		}
		minute_close(&m);
	}
	jw_end(&w);
	jw_end(&w);
	jw_end(&w);
}
