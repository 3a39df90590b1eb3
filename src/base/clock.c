#include "base/clock.h"

#include <time.h>

static wall_ns system_wall(void *arg)
{
	(void)arg;
	struct timespec ts;
	clock_gettime(CLOCK_REALTIME, &ts);
	return (wall_ns)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

static mono_us system_mono(void *arg)
{
	(void)arg;
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (mono_us)ts.tv_sec * US_PER_S + ts.tv_nsec / NS_PER_US;
}

static const struct clock system_clock = { system_wall, system_mono, NULL };

const struct clock *clock_system(void)
{
	return &system_clock;
}

static wall_ns fake_wall(void *arg)
{
	return __atomic_load_n(&((struct clock_fake *)arg)->wall_now, __ATOMIC_RELAXED);
}

static mono_us fake_mono(void *arg)
{
	return __atomic_load_n(&((struct clock_fake *)arg)->mono_now, __ATOMIC_RELAXED);
}

void clock_fake_init(struct clock_fake *f, wall_ns start)
{
	*f = (struct clock_fake){ .clock = { fake_wall, fake_mono, f },
				  .wall_now = start,
				  .mono_now = US_PER_S };
}

/* The monotonic clock moves by the microseconds that the whole movement has passed, so that many small steps
 * do not lose time to rounding. */
void clock_fake_advance(struct clock_fake *f, int64_t ns)
{
	__atomic_fetch_add(&f->mono_now, (f->ns_rest + ns) / NS_PER_US, __ATOMIC_RELAXED);
	f->ns_rest = (f->ns_rest + ns) % NS_PER_US;
	__atomic_fetch_add(&f->wall_now, ns, __ATOMIC_RELAXED);
}

void clock_fake_step(struct clock_fake *f, int64_t ns)
{
	__atomic_fetch_add(&f->wall_now, ns, __ATOMIC_RELAXED);
}
