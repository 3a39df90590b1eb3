/* Command line of the native program: GNU-style long options over option tables plus a command's own rows.
 *
 * `--retry-max-runs 5`, `--retry-max-runs=5`, booleans `--no-x` / `--x`, `-c FILE` short forms from the rows; `--` ends.
 * Options may stand before and after words. Pure.
 */
#ifndef AUSPEX_CONF_CLI_H
#define AUSPEX_CONF_CLI_H

#include "conf/option.h"

struct cli_flag {
	const char *name;  /* "config" */
	char letter;       /* 'c', or 0 */
	const char *arg;   /* "FILE", or NULL for a switch */
	const char *help;
	const char **value; /* receives the argument (or "" for a switch); NULL before = not given */
};

/* Parses argv[1..argc). Words that are no options are collected in order into `words` (room for argc). Sections may be
 * NULL/0. ERR_UNKNOWN (with the nearest known option), ERR_MISSING, … with a sentence. */
int cli_parse(const struct cli_flag *flags, size_t n_flags, const struct option_section *sections, size_t n_sections,
	      int argc, char **argv, const char **words, size_t *n_words, struct arena *arena, struct err *err);
/* "  -c, --config FILE      help" lines, wrapped at 80 columns. */
void cli_usage(const struct cli_flag *flags, size_t n, struct buf *out);
void cli_usage_options(const struct option_table *table, struct buf *out);

#endif
