#include "run_pack.h"

#include <errno.h>

enum { FLAG_SUCCEEDED = 1, FLAG_FAILED = 2, FLAG_ATTEMPTS_NULL = 4 };
enum { VARINT_MAX = 10, N_INTS = 6 };

static unsigned char *put_varint(unsigned char *p, uint64_t v)
{
	while (v >= 0x80) {
		*p++ = (unsigned char)(v | 0x80);
		v >>= 7;
	}
	*p++ = (unsigned char)v;
	return p;
}

static const unsigned char *get_varint(const unsigned char *p, uint64_t *v)
{
	uint64_t out = 0;
	for (unsigned shift = 0;; shift += 7) {
		out |= (uint64_t)(*p & 0x7f) << shift;
		if (!(*p++ & 0x80))
			break;
	}
	*v = out;
	return p;
}

static uint64_t zigzag(int64_t v)
{
	return ((uint64_t)v << 1) ^ (uint64_t)(v >> 63);
}

static int64_t unzigzag(uint64_t v)
{
	return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

static unsigned char *put_text(unsigned char *p, struct view v)
{
	p = put_varint(p, v.len);
	if (v.len)
		memcpy(p, v.data, v.len);
	return p + v.len;
}

static const unsigned char *get_text(const unsigned char *p, struct view *v)
{
	uint64_t len;
	p = get_varint(p, &len);
	*v = (struct view){ (const char *)p, (size_t)len };
	return p + len;
}

size_t run_pack_bound(const struct run *run)
{
	return 1 + 2 * VARINT_MAX + run->command_hash.len + run->final_status.len + sizeof(double) +
	       (N_INTS + 1) * VARINT_MAX + (size_t)run->n_attempts * (sizeof(double) + VARINT_MAX);
}

size_t run_pack(const struct run *run, unsigned char *out)
{
	unsigned char *p = out + 1;
	unsigned flags = run->attempts_null ? FLAG_ATTEMPTS_NULL : 0;
	const int64_t ints[N_INTS] = { run->total_attempts,
				       run->successful_attempts,
				       run->failed_attempts,
				       run->timestamp,
				       run->uid,
				       run->pid };

	p = put_text(p, run->command_hash);
	if (view_eq(run->final_status, VIEW("succeeded")))
		flags |= FLAG_SUCCEEDED;
	else if (view_eq(run->final_status, VIEW("failed")))
		flags |= FLAG_FAILED;
	else
		p = put_text(p, run->final_status);
	out[0] = (unsigned char)flags;
	memcpy(p, &run->total_duration_s, sizeof(double));
	p += sizeof(double);
	for (size_t i = 0; i < N_INTS; i++)
		p = put_varint(p, zigzag(ints[i]));
	p = put_varint(p, run->n_attempts);
	for (uint32_t i = 0; i < run->n_attempts; i++) {
		const struct run_attempt *a = &run->attempts[i];
		memcpy(p, &a->duration_s, sizeof(double));
		p = put_varint(p + sizeof(double), zigzag(a->exit_code) << 1 | a->success);
	}
	return (size_t)(p - out);
}

static int get_attempts(const unsigned char *p, uint32_t n, struct arena *arena, struct run *run)
{
	run->n_attempts = n;
	run->attempts = NULL;
	if (n == 0)
		return 0;
	struct run_attempt *list = arena_alloc(arena, n * sizeof(*list));
	if (!list)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++) {
		uint64_t v;
		memcpy(&list[i].duration_s, p, sizeof(double));
		p = get_varint(p + sizeof(double), &v);
		list[i].success = v & 1;
		list[i].exit_code = (int32_t)unzigzag(v >> 1);
	}
	run->attempts = list;
	return 0;
}

int run_unpack(const unsigned char *in, struct arena *arena, struct run *run)
{
	const unsigned char *p = in + 1;
	uint64_t v;
	int64_t *ints[N_INTS] = { &run->total_attempts,
				  &run->successful_attempts,
				  &run->failed_attempts,
				  &run->timestamp,
				  &run->uid,
				  &run->pid };

	p = get_text(p, &run->command_hash);
	if (in[0] & FLAG_SUCCEEDED)
		run->final_status = VIEW("succeeded");
	else if (in[0] & FLAG_FAILED)
		run->final_status = VIEW("failed");
	else
		p = get_text(p, &run->final_status);
	run->attempts_null = in[0] & FLAG_ATTEMPTS_NULL;
	run->attempts_text = (struct view){ NULL, 0 };
	run->command_checked = false;
	run->command_hint = 0;
	memcpy(&run->total_duration_s, p, sizeof(double));
	p += sizeof(double);
	for (size_t i = 0; i < N_INTS; i++) {
		p = get_varint(p, &v);
		*ints[i] = unzigzag(v);
	}
	p = get_varint(p, &v);
	return get_attempts(p, (uint32_t)v, arena, run);
}
