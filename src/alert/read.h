/* Reading keys of a tree with sentences that name the key and the cure. Shared by the readers of rules and silences. */
#ifndef AUSPEX_ALERT_READ_H
#define AUSPEX_ALERT_READ_H

#include "conf/yaml.h"

struct reading {
	const char *file; /* NULL: a request, whose places are the keys alone */
	struct arena *arena;
	struct err *err;
};

/* Fills err with the node's place (in a file) and returns the code. */
int read_fail(const struct reading *r, const struct yaml_node *node, int code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* Every key of the map is among `known`, or an error with the nearest one. */
int read_known(const struct reading *r, const struct yaml_node *map, const char *const *known, size_t n);
/* A text of 1..max bytes without control characters, copied. */
int read_text(const struct reading *r, const struct yaml_node *node, const char *key, size_t max,
	      struct view *out);
/* A finite number. */
int read_number(const struct reading *r, const struct yaml_node *node, const char *key, double *out);
/* "5m", "1h30m", "2d", or bare seconds; least..366 days, in microseconds. */
int read_duration(const struct reading *r, const struct yaml_node *node, const char *key, int64_t least_us,
		  int64_t *out);

#endif
