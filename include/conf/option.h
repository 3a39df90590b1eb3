/* Options: what can be configured, as rows.
 *
 * A room declares its options beside its code as one table over one plain struct; conf
 * does the rest: defaults, YAML with file:line:column and nearest-key hints, environment,
 * flags, bounds, the reference manual, `config show|check|default`, and which changes a
 * reload may apply.
 *
 *     struct retry_options { int64_t max_runs; int64_t max_age_ns; bool persist; };
 *     static const struct option rows[] = {
 *         OPT_INT(struct retry_options, max_runs, "max_runs", 10000, 0, 100000000, "runs", OPT_RELOAD,
 *                 "Most runs kept in memory and answered by the API."),
 *         …
 *     };
 *     const struct option_table retry_option_table = { "retry", "Retry service", rows, N, sizeof(struct retry_options) };
 *
 * In YAML the keys stand under their section (`retry:\n  max_runs: 5`); the environment name is
 * AUSPEX_<SECTION>_<KEY> and the flag --<section>-<key> with `_` as `-`; section "" has neither prefix.
 *
 * What a row accepts as text: booleans true/false, yes/no, on/off, 1/0 and choices in any case; blanks around
 * everything but strings and paths are ignored; lists are comma-separated (blanks trimmed, empty items dropped).
 * Several tables may share one section name; their keys must differ.
 *
 * Messages name the option as "section.key", say what is wrong and what would be right, and never repeat the value
 * of a secret.
 *
 * Pure, except that `~` in paths reads $HOME (else the user database). Memory of string values lives in the arena of
 * the load. Thread: any, one load per arena.
 */
#ifndef AUSPEX_CONF_OPTION_H
#define AUSPEX_CONF_OPTION_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json_write.h"

#include <stdint.h>

enum option_type {
	OPT_T_BOOL,     /* bool */
	OPT_T_INT,      /* int64_t */
	OPT_T_NUM,      /* double */
	OPT_T_DURATION, /* int64_t ns; text as Go durations plus d and w; bare integer = seconds */
	OPT_T_SIZE,     /* int64_t bytes; "512 KiB" */
	OPT_T_STRING,   /* const char *, never NULL after defaults unless def is NULL */
	OPT_T_PATH,     /* as string; a leading ~ is expanded */
	OPT_T_ENUM,     /* int, index into choices "a|b|c" */
	OPT_T_LIST,     /* struct option_list of strings; YAML list or comma-separated text */
	OPT_T_MODE,     /* int64_t, octal file mode "0600" */
};

#define OPT_RELOAD 1u  /* a reload may change it; without it a change needs a restart (and says so) */
#define OPT_SECRET 2u  /* masked wherever it is shown */
#define OPT_HIDDEN 4u  /* works, but is not in the manual (test hooks) */

struct option_list {
	const char **items;
	size_t n;
};

struct option {
	const char *key;
	enum option_type type;
	size_t offset;
	const char *def;     /* default as text, as a user would write it; "" for an empty list or string */
	double min, max;     /* inclusive bounds for numbers, durations (seconds), sizes and modes; both 0 = none */
	const char *unit;    /* "runs", "s", "bytes", "" */
	const char *choices; /* enums: "debug|info|warn|error" */
	unsigned flags;
	const char *help;    /* one sentence */
};

#define OPT_BOOL(st, f, key, def, fl, help) { key, OPT_T_BOOL, offsetof(st, f), def, 0, 0, "", NULL, fl, help }
#define OPT_INT(st, f, key, def, lo, hi, unit, fl, help) { key, OPT_T_INT, offsetof(st, f), def, lo, hi, unit, NULL, fl, help }
#define OPT_NUM(st, f, key, def, lo, hi, unit, fl, help) { key, OPT_T_NUM, offsetof(st, f), def, lo, hi, unit, NULL, fl, help }
#define OPT_DURATION(st, f, key, def, lo_s, hi_s, fl, help) { key, OPT_T_DURATION, offsetof(st, f), def, lo_s, hi_s, "", NULL, fl, help }
#define OPT_SIZE(st, f, key, def, lo, hi, fl, help) { key, OPT_T_SIZE, offsetof(st, f), def, lo, hi, "bytes", NULL, fl, help }
#define OPT_STRING(st, f, key, def, fl, help) { key, OPT_T_STRING, offsetof(st, f), def, 0, 0, "", NULL, fl, help }
#define OPT_PATH(st, f, key, def, fl, help) { key, OPT_T_PATH, offsetof(st, f), def, 0, 0, "", NULL, fl, help }
#define OPT_ENUM(st, f, key, def, choices, fl, help) { key, OPT_T_ENUM, offsetof(st, f), def, 0, 0, "", choices, fl, help }
#define OPT_LIST(st, f, key, def, fl, help) { key, OPT_T_LIST, offsetof(st, f), def, 0, 0, "", NULL, fl, help }
#define OPT_MODE(st, f, key, def, fl, help) { key, OPT_T_MODE, offsetof(st, f), def, 0, 0777, "", NULL, fl, help }

struct option_table {
	const char *section; /* "" for the top level */
	const char *title;
	const struct option *rows;
	size_t n;
	size_t size; /* of the struct the rows describe */
};

/* One loaded section: a table and the struct it fills. */
struct option_section {
	const struct option_table *table;
	void *values; /* table->size bytes, owned by the caller */
};

/* Fills every field from the defaults. A default that does not parse is a programming error: ERR_SYNTAX. */
int option_defaults(const struct option_section *sections, size_t n, struct arena *arena, struct err *err);
/* Sets one value from text; the field keeps its old value on an error. `place` names the source for messages ("auspex.yml:3:7", "--retry-max-runs", "AUSPEX_…").
 * ERR_SYNTAX / ERR_RANGE / ERR_UNKNOWN (no such choice) with a sentence that says what would be right. */
int option_set_text(const struct option *row, void *values, struct view text, const char *place,
		    struct arena *arena, struct err *err);
/* Sets a list from its items. ERR_TYPE when the row is no list. */
int option_set_list(const struct option *row, void *values, const struct view *items, size_t n, const char *place,
		    struct arena *arena, struct err *err);
/* Finds a row by section and key; NULL if there is none. */
const struct option *option_find(const struct option_table *table, struct view key);
/* The known key nearest to `key` (Damerau-Levenshtein distance, at most 2 or a third of its length, whichever is more;
 * case and `-`/`_` do not count), or NULL. Hidden rows are not told. */
const char *option_nearest(const struct option_table *table, struct view key);
/* The same over any list of names; the first of equally near ones. */
const char *text_nearest(struct view word, const char *const *candidates, size_t n);
/* The value as text, as a user would write it ("24h", "512 KiB", "a,b"); secrets that are set as "***". Appends to `out`. */
void option_get_text(const struct option *row, const void *values, struct buf *out);
/* Applies AUSPEX_* variables (`environ` form: "K=V", NULL-terminated). Unknown AUSPEX_ names are ERR_UNKNOWN with a hint,
 * except the reserved ones. */
int option_apply_env(const struct option_section *sections, size_t n, const char *const *env, struct arena *arena,
		     struct err *err);
/* Variables the program itself reads and that are no options: AUSPEX_CONFIG, AUSPEX_STATE_DIR, AUSPEX_TEST_*.
 * NULL-terminated; a trailing `*` makes an entry a prefix. */
extern const char *const option_env_reserved[];
/* Compares two loads. Calls `cb` for each row that differs; `restart` tells that the row lacks OPT_RELOAD. */
void option_diff(const struct option_table *table, const void *before, const void *after,
		 void (*cb)(void *arg, const struct option *row, bool restart), void *arg);

/* `config default`: a commented YAML file of everything with its default; it loads back to exactly the defaults. Rows
 * whose default is NULL (not set) stand as comments. Hidden rows are left out, here and in the manual. */
void option_write_default_yaml(const struct option_table *const *tables, size_t n, struct buf *out);
/* `config show`: YAML of current values, or one JSON object {"section":{"key":value}}; secrets masked. In JSON sizes are
 * bytes, durations and modes text ("24h", "0600"), unset strings null. `w` stands where a value is expected. */
void option_write_yaml(const struct option_section *sections, size_t n, struct buf *out);
void option_write_json(const struct option_section *sections, size_t n, struct jw *w);
/* Text for a formatter of manual pages: a leading dot or quote is a request there, a backslash an escape, and a bare hyphen
 * may be broken. */
void option_put_roff(struct buf *out, const char *text);
/* The reference manual as man-page source lines (roff `.TP` items). */
void option_write_man(const struct option_table *const *tables, size_t n, struct buf *out);

#endif
