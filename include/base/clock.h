/* Time: three units that must not be confused, and a clock that can be faked.
 *
 * wall_ns  Unix time in nanoseconds, for records.
 * wall_ms  Unix time in milliseconds, for samples and events.
 * mono_us  Monotonic microseconds, for durations and deadlines only.
 *
 * Engines take time as an argument. The I/O halves hold a `const struct clock *`;
 * tests give them a `struct clock_fake`.
 */
#ifndef AUSPEX_BASE_CLOCK_H
#define AUSPEX_BASE_CLOCK_H

#include <stdint.h>

typedef int64_t wall_ns;
typedef int64_t wall_ms;
typedef int64_t mono_us;

#define NS_PER_US INT64_C(1000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S INT64_C(1000000000)
#define US_PER_MS INT64_C(1000)
#define US_PER_S INT64_C(1000000)
#define MS_PER_S INT64_C(1000)
#define MS_PER_MINUTE INT64_C(60000)
#define MS_PER_HOUR INT64_C(3600000)
#define MS_PER_DAY INT64_C(86400000)

struct clock {
	wall_ns (*wall)(void *arg);
	mono_us (*mono)(void *arg);
	void *arg;
};

/* The real clocks of the system. Static storage, any thread. */
const struct clock *clock_system(void);

static inline wall_ns clock_wall_ns(const struct clock *c) { return c->wall(c->arg); }
static inline wall_ms clock_wall_ms(const struct clock *c) { return c->wall(c->arg) / NS_PER_MS; }
static inline mono_us clock_mono_us(const struct clock *c) { return c->mono(c->arg); }

/* A clock that stands still until told otherwise: the injected clock of the tests. One thread moves it; others
 * (the history's) may read it meanwhile. */
struct clock_fake {
	struct clock clock; /* hand out &fake.clock */
	wall_ns wall_now;
	mono_us mono_now;
	int64_t ns_rest; /* nanoseconds advanced and not yet a whole microsecond */
};
void clock_fake_init(struct clock_fake *f, wall_ns start);
/* Moves both clocks forward. */
void clock_fake_advance(struct clock_fake *f, int64_t ns);
/* Steps the wall clock only, either way, as an administrator or NTP would. */
void clock_fake_step(struct clock_fake *f, int64_t ns);

#endif
