#include "process_record.h"

#include "base/err.h"

#define TENTHS_MOST 1e9
#define KIB         1024u

static void put_varint(struct buf *out, uint64_t v)
{
	while (v >= 0x80) {
		buf_putc(out, (char)((v & 0x7f) | 0x80));
		v >>= 7;
	}
	buf_putc(out, (char)v);
}

static bool take_varint(struct view *bytes, uint64_t most, uint64_t *out)
{
	*out = 0;
	for (unsigned shift = 0; shift < 64 && bytes->len; shift += 7) {
		uint64_t byte = (unsigned char)*bytes->data;
		bytes->data++;
		bytes->len--;
		*out |= (byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return *out <= most;
	}
	return false;
}

void process_record_put(struct buf *out, const struct process_record *r)
{
	double tenths = r->cpu_percent * 10 + 0.5;
	put_varint(out, (uint64_t)r->seen);
	put_varint(out, (uint64_t)r->pid);
	put_varint(out, tenths > 0 ? (uint64_t)(tenths < TENTHS_MOST ? tenths : TENTHS_MOST) : 0);
	put_varint(out, r->rss_bytes / KIB);
	put_varint(out, r->threads);
	buf_putc(out, r->state);
}

int process_record_take(struct view *bytes, struct process_record *out)
{
	uint64_t v[5];
	if (bytes->len == 0)
		return 0;
	if (!take_varint(bytes, INT64_MAX, &v[0]) || !take_varint(bytes, INT32_MAX, &v[1]) ||
	    !take_varint(bytes, (uint64_t)TENTHS_MOST, &v[2]) ||
	    !take_varint(bytes, UINT64_MAX / KIB, &v[3]) || !take_varint(bytes, UINT32_MAX, &v[4]) ||
	    bytes->len == 0)
		return ERR_CORRUPT;
	*out = (struct process_record){ .seen = (int64_t)v[0],
					.pid = (int32_t)v[1],
					.cpu_percent = (double)v[2] / 10,
					.rss_bytes = v[3] * KIB,
					.threads = (uint32_t)v[4],
					.state = *bytes->data };
	bytes->data++;
	bytes->len--;
	return 1;
}
