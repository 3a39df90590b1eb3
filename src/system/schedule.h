/* An absolute schedule: tick n is due at start + n * interval. Pure: time is an argument.
 *
 * Late work does not shift what follows. When whole intervals went by, the schedule goes on with the newest tick that is due and counts the
 * others as missed: what was not measured then cannot be measured now.
 */
#ifndef AUSPEX_SYSTEM_SCHEDULE_H
#define AUSPEX_SYSTEM_SCHEDULE_H

#include "base/clock.h"

#include <stdbool.h>

struct schedule {
	mono_us start, interval;
	uint64_t next;   /* number of the tick that is due next */
	uint64_t missed; /* so far */
};

/* `interval` > 0. Tick 0 is due at once. */
static inline void schedule_init(struct schedule *s, mono_us now, mono_us interval)
{
	*s = (struct schedule){ now, interval, 0, 0 };
}
/* Goes on from `start` with another interval; what was missed so far stays counted. Tick 0 is due at `start`. */
static inline void schedule_restart(struct schedule *s, mono_us start, mono_us interval)
{
	*s = (struct schedule){ start, interval, 0, s->missed };
}
/* How long until the next tick, in µs; 0 when it is due. */
static inline mono_us schedule_wait(const struct schedule *s, mono_us now)
{
	mono_us due = s->start + (mono_us)s->next * s->interval;
	return due > now ? due - now : 0;
}
/* Takes the tick that is due into `*tick`; false when none is. */
static inline bool schedule_take(struct schedule *s, mono_us now, uint64_t *tick)
{
	if (schedule_wait(s, now) > 0)
		return false;
	uint64_t newest = (uint64_t)((now - s->start) / s->interval);
	s->missed += newest - s->next;
	*tick = newest;
	s->next = newest + 1;
	return true;
}

#endif
