/* Command-line flags in Go's syntax, for personalities whose originals were Go programs.
 *
 * `-x v`, `-x=v` and `--x` alike; booleans need `=` for a value and take 1 t T TRUE true True 0 f F FALSE false False;
 * integers take 0x, 0o, 0b, leading 0 and `_`; parsing stops at the first word that is no flag, or after `--`.
 * Error texts are Go's:
 *   flag provided but not defined: -nosuch
 *   invalid value "x" for flag -port: parse error          (value out of range: "value out of range")
 *   invalid boolean value "maybe" for -enable-http: parse error
 *   flag needs an argument: -port
 *   bad flag syntax: -=x
 * Pure. Memory: views into argv.
 */
#ifndef AUSPEX_CONF_GOFLAG_H
#define AUSPEX_CONF_GOFLAG_H

#include "base/buf.h"
#include "base/err.h"

#include <stdint.h>

enum goflag_type { GOFLAG_BOOL, GOFLAG_INT, GOFLAG_STRING, GOFLAG_DURATION };

struct goflag {
	const char *name; /* without dash */
	enum goflag_type type;
	const char *help;
	const char *def_text; /* shown as (default …), NULL = not shown; strings are quoted by the printer */
	void *value;          /* bool *, int64_t *, const char **, int64_t * (ns) */
	bool set;             /* filled: given on the command line */
};

#define GOFLAG_HELP 1 /* goflag_parse: -h or -help was given */

/* Parses argv[1..]. 0 (and *rest = index of the first remaining word), GOFLAG_HELP, or ERR_SYNTAX/ERR_UNKNOWN/ERR_RANGE/
 * ERR_MISSING with err->text exactly Go's line. */
int goflag_parse(struct goflag *flags, size_t n, int argc, char **argv, int *rest, struct err *err);
/* The usage body: "  -name type\n    \thelp (default …)\n" in alphabetical order, as the guide prints it
 * (two spaces, name, type; then eight spaces of indent before the help). */
void goflag_usage(const struct goflag *flags, size_t n, struct buf *out);

#endif
