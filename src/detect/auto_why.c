/* The sentence of `auto`: what it saw, and so what decides. */
#include "auto_look.h"

#include "base/buf.h"

#include <math.h>

#define LEVEL_SHOWS 1e-9 /* noise is said as a share of the level where there is one */

static void say_noise(const struct auto_look *l, struct buf *out)
{
	if (l->noise_sd > LEVEL_SHOWS * l->level && l->noise_sd < l->level)
		buf_printf(out, ", noise %.2g %% of their level", l->noise_sd / l->level * 100);
	if (l->correlation > 0)
		buf_printf(out, ", each resembling the one before (correlation %.2f)", l->correlation);
}

static void say_shape(const struct auto_look *l, struct buf *out)
{
	if (l->season.period)
		buf_printf(out, ", a season of %zu values", l->season.period * l->fold);
	if (l->bent)
		buf_printf(out, ", a smooth bend");
	else if (l->partition.sloped)
		buf_printf(out, ", a slope");
	if (l->strays)
		buf_printf(out, ", %zu stray%s", l->strays, l->strays == 1 ? "" : "s");
	if (l->grain > 0)
		buf_printf(out, ", rounded to steps");
	if (l->heavy)
		buf_printf(out, ", not normally distributed");
}

static void say_choice(const struct auto_look *l, struct buf *out)
{
	if (l->noise_sd <= 0 && l->partition.n_cuts == 0) {
		buf_printf(out, l->partition.sloped ? ": nothing strays from it" : ": all are the same");
		return;
	}
	if (l->bent) {
		buf_printf(out, ": it explains them better than steps do, so none is told");
		return;
	}
	buf_printf(out, ": %s",
		   l->ranks ? "ranks decide instead of values"
			    : "the largest two-sample t of all places decides");
	if (l->season.period)
		buf_printf(out, ", the season taken out");
	if (l->partition.sloped)
		buf_printf(out, ", steps are looked for on the slope");
	if (l->correlation > 0)
		buf_printf(out, ", means are trusted less");
	buf_printf(out, "; at most 1 of %.0f steady series is called changed", 1 / l->share);
}

const char *auto_why(const struct auto_look *l, struct arena *arena)
{
	struct buf out;
	buf_init(&out);
	buf_printf(&out, "%zu value%s", l->n, l->n == 1 ? "" : "s");
	if (l->n < 2 * SCAN_SIDE) {
		buf_printf(&out, ": fewer than %d tell nothing", 2 * SCAN_SIDE);
	} else {
		if (l->fold > 1)
			buf_printf(&out, " as %zu averages of %zu", l->m, l->fold);
		say_noise(l, &out);
		say_shape(l, &out);
		say_choice(l, &out);
	}
	const char *text = out.failed ? NULL : arena_strndup(arena, out.data, out.len);
	buf_fini(&out);
	return text;
}
