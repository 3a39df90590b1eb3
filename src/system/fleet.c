#include "fleet.h"

#include "base/json_write.h"
#include "base/timefmt.h"

#include <math.h>
#include <time.h>

#define MB 1e6

static void add(struct fleet_row *r, enum fleet_mean k, double v)
{
	if (!isfinite(v))
		return;
	r->sum[k] += v;
	r->n[k]++;
}

static double mean(const struct fleet_row *r, enum fleet_mean k)
{
	return r->n[k] ? r->sum[k] / r->n[k] : 0;
}

bool fleet_row_add(struct fleet_row *r, const struct host_sample *s)
{
	add(r, FLEET_USER, s->cpu_user);
	add(r, FLEET_SYSTEM, s->cpu_system);
	add(r, FLEET_IOWAIT, s->cpu_iowait);
	add(r, FLEET_IDLE, s->cpu_idle);
	if (s->have & HOST_PROCESSES)
		add(r, FLEET_JAVA, s->cpu_java);
	if (s->have & HOST_NETWORK) {
		add(r, FLEET_NET_IN, s->network.bytes_recv_per_s);
		add(r, FLEET_NET_OUT, s->network.bytes_sent_per_s);
	}
	add(r, FLEET_DISK, s->disk_bytes_per_s);
	if (!r->due)
		r->due = s->mono + FLEET_EVERY_US;
	if (s->mono < r->due)
		return false;
	/* Absolute, too: a late sample does not shift the next row. */
	while (r->due <= s->mono)
		r->due += FLEET_EVERY_US;
	return r->n[FLEET_IDLE] > 0;
}

static const char *status_of(double busy, const struct host_sample *s)
{
	double disk = isfinite(s->disk_percent) ? s->disk_percent : 0;
	if (busy >= 98 || s->memory_percent >= 98 || disk >= 98)
		return "critical_issue";
	if (busy >= 85 || s->memory_percent >= 90)
		return "heavy_load";
	return busy < 2 ? "idle" : "healthy";
}

static double share(double v)
{
	return isfinite(v) && v > 0 ? (v < 100 ? v : 100) : 0;
}

static void write_time(struct jw *w, const char *key, wall_ns t)
{
	char text[40];
	time_t seconds = (time_t)(t / NS_PER_S);
	struct tm tm;
	localtime_r(&seconds, &tm);
	size_t n = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	jw_str(w, key, (struct view){ text, n });
}

void fleet_row_write(struct fleet_row *r, const struct host_sample *s, struct view server, struct buf *out)
{
	struct jw w = jw_init(out, JW_COMPACT);
	double busy = 100 - mean(r, FLEET_IDLE) - mean(r, FLEET_IOWAIT);
	int64_t up_days = s->boot_time ? (s->t / NS_PER_S - s->boot_time) / 86400 : 0;
	jw_obj(&w, NULL);
	write_time(&w, "timestamp", s->t);
	jw_str(&w, "server_name", server);
	jw_cstr(&w, "status", status_of(busy, s));
	jw_fixed(&w, "cpu_user_pct", share(mean(r, FLEET_USER)), 2);
	jw_fixed(&w, "cpu_sys_pct", share(mean(r, FLEET_SYSTEM)), 2);
	jw_fixed(&w, "cpu_iowait_pct", share(mean(r, FLEET_IOWAIT)), 2);
	jw_fixed(&w, "cpu_idle_pct", share(mean(r, FLEET_IDLE)), 2);
	jw_fixed(&w, "java_cpu_pct", share(mean(r, FLEET_JAVA)), 2);
	jw_fixed(&w, "mem_used_pct", share(s->memory_percent), 2);
	jw_fixed(&w, "swap_used_pct", share(s->swap_percent), 2);
	jw_fixed(&w, "disk_usage_pct", share(s->disk_percent), 2);
	jw_fixed(&w, "net_in_mb_s", mean(r, FLEET_NET_IN) / MB, 4);
	jw_fixed(&w, "net_out_mb_s", mean(r, FLEET_NET_OUT) / MB, 4);
	jw_i64(&w, "back_close_wait", s->close_wait_back < 0 ? 0 : s->close_wait_back);
	jw_i64(&w, "front_close_wait", s->close_wait_front < 0 ? 0 : s->close_wait_front);
	jw_fixed(&w, "load_average", s->load_1m, 2);
	jw_i64(&w, "uptime_days", up_days < 0 ? 0 : up_days > 365 ? 365 : up_days);
	jw_fixed(&w, "disk_io_mb_s", mean(r, FLEET_DISK) / MB, 4);
	jw_end(&w);
	for (int k = 0; k < FLEET_MEANS; k++) {
		r->sum[k] = 0;
		r->n[k] = 0;
	}
}
