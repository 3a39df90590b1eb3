/* One StatsD line: `name:value|type|@rate|#tag:value,tag`.
 *
 * Types: c counter, g gauge (a sign makes it a change), ms and h timing or histogram, s set. Rate above 0 up to 1 for counters and
 * timings. Further sections, which newer clients send (container, time), are passed over. Pure; nothing is copied. Thread: any.
 */
#ifndef AUSPEX_INTAKE_STATSD_PARSE_H
#define AUSPEX_INTAKE_STATSD_PARSE_H

#include "base/buf.h"

enum statsd_type { STATSD_COUNTER, STATSD_GAUGE, STATSD_TIMING, STATSD_SET };

struct statsd_line {
	struct view name;
	enum statsd_type type;
	bool change;       /* gauge: add the number to what it is */
	double number;     /* finite; not for sets */
	double rate;       /* 1 when not given */
	struct view value; /* as it stands: a set's member */
	struct view tags;  /* behind the #, not taken apart; may be empty */
};

/* `line` without its newline. 0; ERR_SYNTAX or ERR_RANGE with a sentence in *why (static storage). */
int statsd_parse(struct view line, struct statsd_line *out, const char **why);
/* Appends the series key that name and tags stand for, `suffix` behind the name: "app.reqs/s" with "#Env:prod,fast" and ".count" gives
 * app.reqs_s.count{Env="prod",fast="true"}. What a key cannot hold becomes _ . Not yet canonical. */
void statsd_series_key(const struct statsd_line *line, const char *suffix, struct buf *out);

#endif
