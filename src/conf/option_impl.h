/* What the files of the option walker share: names, descriptions and the setter that knows its section. */
#ifndef AUSPEX_CONF_OPTION_IMPL_H
#define AUSPEX_CONF_OPTION_IMPL_H

#include "conf/option.h"

#define OPTION_NAME_MAX  128
#define OPTION_SHOWN_MAX 96 /* bytes of a user's text repeated in a message, quotes and dots included */

/* The row's field inside its struct. */
static inline void *option_field(const struct option *row, void *values)
{
	return (char *)values + row->offset;
}
static inline const void *option_field_const(const struct option *row, const void *values)
{
	return (const char *)values + row->offset;
}

/* One assignment: what is set, and how a message names it. */
struct option_target {
	const char *section; /* "" or NULL: no prefix in messages */
	const struct option *row;
	void *values;
	const char *place;
	struct arena *arena;
	struct err *err;
};
int option_assign(const struct option_target *t, struct view text);
int option_assign_list(const struct option_target *t, const struct view *items, size_t n);

/* Formats "section.key: sentence" into the error; returns `code`. */
int option_fail(const struct option_target *t, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* A user's text for a message: quoted, cut when long, control bytes as \xNN. `out` has OPTION_SHOWN_MAX bytes. */
void option_quote_shown(struct view text, char *out);

/* "retry.max_runs", or "max_runs" at the top level. `out` has OPTION_NAME_MAX bytes. */
void option_name(const char *section, const struct option *row, char *out);
/* "retry-max-runs". */
void option_flag_name(const char *section, const struct option *row, char *out);
/* "AUSPEX_RETRY_MAX_RUNS". */
void option_env_name(const char *section, const struct option *row, char *out);

/* What a right value looks like: "a whole number from 0 to 10 (runs)", "one of debug, info". */
void option_describe(const struct option *row, struct buf *out);
/* One bound in the option's own notation: "24h", "512 KiB", "0600". */
void option_bound_text(const struct option *row, double bound, struct buf *out);
static inline bool option_has_bounds(const struct option *row)
{
	return row->min != 0 || row->max != 0;
}

/* "24h", "1h30m", "7d"; reads back to the same value. */
void option_put_duration(struct buf *out, int64_t ns);
/* "512 KiB", or bare bytes when no unit divides the value. */
void option_put_size(struct buf *out, int64_t bytes);

/* The index of an enum's choice (ASCII case-insensitive), or -1. */
int option_choice_find(const struct option *row, struct view text);
/* The choice of that index; data NULL past the last. */
struct view option_choice(const struct option *row, int index);

/* A word that no YAML reader takes for anything but text stays bare; all else is quoted. */
void yaml_put_word(struct buf *out, struct view text);
/* A double-quoted YAML scalar. Invalid UTF-8 becomes U+FFFD. */
void yaml_put_quoted(struct buf *out, struct view text);

#endif
