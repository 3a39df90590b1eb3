/* The minute that is being gathered, and the item it becomes. Pure.
 *
 * An item carries what readers of the table know (the minute's last sample under the old names), average and extreme values, and, as one JSON
 * text, every sample:
 *
 *     samples = {"t":[0.25,1.25,…],"cpu_percent":[…],"memory_percent":[…],"memory_available_mb":[…],"memory_used_mb":[…]}
 *
 * with t in seconds from minute_timestamp. An item of which another half may exist (a restart lies in the minute, or a step of the clock) says so:
 * partial BOOL. It is a text and no list, because readers turn numbers only at the top of an item into
 * floats.
 *
 *     if (!upload_minute_takes(m, s)) { upload_minute_write(m, …); upload_minute_start(m, s); }
 *     upload_minute_add(m, s);
 */
#ifndef AUSPEX_SYSTEM_UPLOAD_MINUTE_H
#define AUSPEX_SYSTEM_UPLOAD_MINUTE_H

#include "base/buf.h"
#include "system/sample.h"

#define UPLOAD_MINUTE_NS   (60 * NS_PER_S)
#define UPLOAD_MINUTE_KEEP 600 /* samples whose values are kept: all of them down to an interval of 100 ms */
#define UPLOAD_TTL_S       (30 * 24 * 3600)

struct upload_point {
	float t, cpu_percent, memory_percent;
	int32_t memory_available_mb, memory_used_mb;
};

struct upload_minute {
	int64_t start_s; /* Unix time, a whole minute */
	wall_ns last_t;
	bool partial; /* it began late or ends early: set by the caller, told in the item */
	uint32_t n, kept, with_rates;
	/* the newest values; rates are sums */
	double cpu_percent, memory_percent, memory_available_mb, memory_used_mb, load_1m, load_5m, load_15m;
	double cpu_sum, cpu_max, memory_sum, memory_max, available_min, used_max, sent_sum, recv_sum;
	bool have_load;
	struct upload_point points[UPLOAD_MINUTE_KEEP];
};

/* Empty, for the minute the sample lies in. */
void upload_minute_start(struct upload_minute *m, const struct host_sample *s);
/* Does the sample lie in the minute? False also for the empty struct. */
bool upload_minute_takes(const struct upload_minute *m, const struct host_sample *s);
void upload_minute_add(struct upload_minute *m, const struct host_sample *s);
/* Appends the item, an attribute map; `now` is when it is made. Without the samples it is a third as long. */
void upload_minute_write(const struct upload_minute *m, struct view host, bool samples, wall_ns now,
			 struct buf *out);

/* The name under which a host is known: without blanks around it and control characters in it, at most 253 bytes, "unknown" when nothing is left. */
#define UPLOAD_HOST_MAX 254
void upload_host_name(struct view raw, char out[UPLOAD_HOST_MAX]);

#endif
