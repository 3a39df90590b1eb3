/* Command line of the native program: GNU-style long options over option tables plus a command's own rows.
 *
 * `--retry-max-runs 5`, `--retry-max-runs=5`, booleans `--no-x` / `--x`, `-c FILE` short forms from the rows; `--` ends.
 * Options may stand before and after words. As in getopt_long an option that takes an argument takes the next word,
 * whatever it looks like; `-cFILE` and bundles `-vj` work; `-` alone is a word. Names are not abbreviated: a script must not break
 * because an option was added. The last of repeated options wins. Pure. Memory: views into argv; option values in the arena.
 *
 *     const char *config = NULL, *json = NULL, *words[argc];
 *     const struct cli_flag flags[] = {
 *         { "config", 'c', "FILE", "Read this configuration.", &config },
 *         { "json", 0, NULL, "Answer as JSON.", &json },
 *     };
 *     if (cli_parse(flags, 2, sections, n, argc, argv, words, &n_words, &arena, &err) < 0)
 *         print err.text, exit 2
 */
#ifndef AUSPEX_CONF_CLI_H
#define AUSPEX_CONF_CLI_H

#include "conf/option.h"

struct cli_flag {
	const char *name;  /* "config" */
	char letter;       /* 'c', or 0 */
	const char *arg;   /* "FILE", or NULL for a switch */
	const char *help;
	const char **value; /* receives the argument (or "" for a switch, NULL after `--no-x`); NULL before = not given */
};

/* Parses argv[1..argc). Words that are no options are collected in order into `words` (room for argc). Sections may be
 * NULL/0. ERR_UNKNOWN ("unknown option --retry-max-run: did you mean --retry-max-runs?"), ERR_MISSING (no argument),
 * ERR_SYNTAX (an argument for a switch) or what option_set_text gives. err->text is a whole sentence; err->place is the
 * option, or "". */
int cli_parse(const struct cli_flag *flags, size_t n_flags, const struct option_section *sections, size_t n_sections,
	      int argc, char **argv, const char **words, size_t *n_words, struct arena *arena, struct err *err);
/* "  -c, --config FILE      help" lines, wrapped at 80 columns. */
void cli_usage(const struct cli_flag *flags, size_t n, struct buf *out);
/* The same for a table's options, with their defaults: "      --retry-max-runs N    help (default 10000)". */
void cli_usage_options(const struct option_table *table, struct buf *out);

#endif
