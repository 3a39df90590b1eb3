/* detect: a series in, change points out. Knows no daemon: only the file and the detectors. */
#include "app/command.h"
#include "base/json_write.h"
#include "base/num.h"
#include "detect/detector.h"
#include "detect/numbers.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define INPUT_MAX      (512u << 20)
#define READ_SIZE      (256u << 10)
#define DEFAULT_METHOD "edivisive"
#define FEW            10 /* values that can tell a clear step only */

struct detect_words {
	const char *method, *window, *max_pvalue, *min_magnitude, *false_share, *legacy, *column, *json,
		*list;
};

/* clang-format off */
#define DETECT_FLAGS(w)                                                                                                        \
	{ { "method", 'm', "NAME", "How to look; default " DEFAULT_METHOD ". --list tells them all.", &(w)->method },         \
	  { "window", 'w', "N", "Points looked at together; default 50 (iforest 5).", &(w)->window },                        \
	  { "max-pvalue", 'p', "P", "Tell only what chance alone gives more rarely; default 0.001.", &(w)->max_pvalue },     \
	  { "min-magnitude", 0, "M", "Tell no smaller changes; 0.05 is 5 %, default 0.", &(w)->min_magnitude },              \
	  { "false-share", 0, "P", "Share of steady series that auto and robust may call changed; default 0.01.", &(w)->false_share }, \
	  { "legacy", 0, NULL, "Search as Hunter did, before Apache Otava.", &(w)->legacy },                                 \
	  { "column", 0, "NAME|N", "Column of a table or key of JSON: its name, or its number from 1.", &(w)->column },      \
	  { "json", 0, NULL, "Answer as JSON.", &(w)->json },                                                                \
	  { "list", 0, NULL, "Tell the methods and what they do.", &(w)->list } }
/* clang-format on */

/* --- what was asked ------------------------------------------------------------------------------------------------ */

static int read_double(const char *flag, const char *text, double *out, struct err *err)
{
	if (!text || num_parse_double(view_of(text), out) == 0)
		return 0;
	return err_set(err, ERR_SYNTAX, flag, "\"%.80s\" is not a number", text);
}

static int read_options(const struct detect_words *w, struct detect_options *o, struct err *err)
{
	int64_t window = 0;
	*o = DETECT_DEFAULTS;
	if (w->window && (num_parse_i64(view_of(w->window), &window) < 0 || window < 2))
		return err_set(err, ERR_RANGE, "--window", "\"%.80s\" is not a number of 2 or more points",
			       w->window);
	o->window = (size_t)window;
	o->legacy = w->legacy != NULL;
	int rc = read_double("--max-pvalue", w->max_pvalue, &o->max_pvalue, err);
	if (rc == 0)
		rc = read_double("--min-magnitude", w->min_magnitude, &o->min_magnitude, err);
	if (rc == 0)
		rc = read_double("--false-share", w->false_share, &o->false_share, err);
	return rc == 0 ? detect_options_check(o, err) : rc;
}

static int find_method(const char *name, const struct detector **d, struct err *err)
{
	char names[200] = "";
	size_t at = 0;
	*d = detector_find(view_of(name));
	if (*d)
		return 0;
	for (size_t i = 0; i < n_detectors && at < sizeof(names); i++)
		at += (size_t)snprintf(names + at, sizeof(names) - at, "%s%s", i ? ", " : "",
				       detectors[i]->name);
	return err_set(err, ERR_UNKNOWN, "--method", "there is no method \"%.80s\"; there are %s", name,
		       names);
}

static void list_methods(void)
{
	for (size_t i = 0; i < n_detectors; i++)
		printf("%-10s %s\n", detectors[i]->name, detectors[i]->summary);
}

/* --- input ------------------------------------------------------------------------------------------------------------ */

static int read_all(int fd, const char *name, struct buf *out, struct err *err)
{
	ssize_t n = 1;
	while (n != 0) {
		if (out->len > INPUT_MAX)
			return err_set(err, -EFBIG, name, "more than %u MiB; give a part of it",
				       INPUT_MAX >> 20);
		if (buf_reserve(out, READ_SIZE) < 0)
			return err_set(err, -ENOMEM, name, "out of memory");
		n = read(fd, out->data + out->len, READ_SIZE);
		if (n < 0 && errno != EINTR)
			return err_set(err, -errno, name, "%s", strerror(errno));
		out->len += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static int read_file(const char *file, const char *name, struct buf *out, struct err *err)
{
	int fd = strcmp(file, "-") == 0 ? dup(STDIN_FILENO) : open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_set(err, -errno, name, "%s", strerror(errno));
	int rc = read_all(fd, name, out, err);
	close(fd);
	return rc;
}

/* --- answers ---------------------------------------------------------------------------------------------------------- */

static size_t count_missing(const struct numbers *x)
{
	size_t missing = 0;
	for (size_t i = 0; i < x->n; i++)
		missing += isnan(x->values[i]);
	return missing;
}

static void print_head(const struct numbers *x, const struct detector *d, const struct change_result *r)
{
	size_t missing = count_missing(x), there = x->n - missing;
	printf("%zu value%s", x->n, x->n == 1 ? "" : "s");
	if (missing)
		printf(", %zu of them missing", missing);
	if (there < 2)
		printf(": nothing to compare.\n");
	else if (r->scores)
		printf(": %zu of them out of line, by %s.\n", r->n, d->name);
	else if (r->n)
		printf(": %zu change%s, by %s.\n", r->n, r->n == 1 ? "" : "s", d->name);
	else
		printf(": no change, by %s%s.\n", d->name,
		       there < FEW ? "; so few can show a clear one only" : "");
}

static void print_text(const struct numbers *x, const struct detector *d, const struct change_result *r)
{
	char text[CHANGE_TEXT_MAX];
	print_head(x, d, r);
	if (r->why)
		printf("%s\n", r->why);
	for (size_t i = 0; i < r->n; i++)
		printf("  %s\n", change_text(&r->points[i], text));
}

static void write_scores(struct jw *w, const struct change_result *r)
{
	jw_arr(w, "scores");
	for (size_t i = 0; i < r->n_scores; i++)
		jw_double(w, NULL, r->scores[i]);
	jw_end(w);
	jw_arr(w, "flagged");
	for (size_t i = 0; i < r->n_scores; i++)
		if (r->flagged[i])
			jw_u64(w, NULL, i);
	jw_end(w);
}

static int print_json(const struct numbers *x, const struct detector *d, const struct change_result *r,
		      struct err *err)
{
	char sentence[CHANGE_TEXT_MAX];
	struct buf out;
	buf_init(&out);
	struct jw w = jw_init(&out, JW_COMPACT);
	jw_obj(&w, NULL);
	jw_cstr(&w, "method", d->name);
	jw_u64(&w, "n", x->n);
	jw_u64(&w, "missing", count_missing(x));
	if (r->why)
		jw_cstr(&w, "why", r->why);
	jw_arr(&w, "points");
	for (size_t i = 0; i < r->n; i++) {
		jw_obj(&w, NULL);
		change_write_json(&w, &r->points[i]);
		jw_cstr(&w, "text", change_text(&r->points[i], sentence));
		jw_end(&w);
	}
	jw_end(&w);
	if (r->scores)
		write_scores(&w, r);
	jw_end(&w);
	buf_putc(&out, '\n');
	int rc = out.failed ? err_set(err, -ENOMEM, NULL, "out of memory") : 0;
	if (rc == 0)
		fwrite(out.data, 1, out.len, stdout);
	buf_fini(&out);
	return rc;
}

/* --- the command ------------------------------------------------------------------------------------------------------ */

static int detect(const struct detector *d, const struct detect_options *o, const struct detect_words *w,
		  const char *file, struct arena *arena, struct err *err)
{
	const char *name = strcmp(file, "-") == 0 ? "standard input" : file;
	struct change_result result = { .arena = arena };
	struct numbers x;
	struct buf text;
	numbers_init(&x);
	buf_init(&text);
	int rc = read_file(file, name, &text, err);
	if (rc == 0)
		rc = numbers_read((struct view){ text.data, text.len }, name, w->column, detector_most(d), &x,
				  err);
	buf_fini(&text);
	if (rc == 0 && (rc = detect_series(d, x.values, x.n, o, &result)) < 0)
		err_set(err, rc, name, "%s", err_text(rc));
	if (rc == 0 && w->json)
		rc = print_json(&x, d, &result, err);
	else if (rc == 0)
		print_text(&x, d, &result);
	if (rc == 0 && (fflush(stdout) != 0 || ferror(stdout)))
		rc = err_set(err, -EIO, "standard output", "%s", strerror(errno));
	numbers_fini(&x);
	return rc;
}

/* What the words say; *file is NULL where nothing is to be read. */
static int parse(int argc, char **argv, struct detect_words *w, const char **file, struct arena *arena,
		 struct err *err)
{
	struct cli_flag flags[] = DETECT_FLAGS(w);
	const char **words = arena_alloc(arena, (size_t)argc * sizeof(*words));
	size_t n = 0;
	if (!words)
		return err_set(err, -ENOMEM, NULL, "out of memory");
	int rc = cli_parse(flags, sizeof(flags) / sizeof(flags[0]), NULL, 0, argc, argv, words, &n, arena,
			   err);
	*file = rc == 0 && n == 1 ? words[0] : NULL;
	if (rc < 0 || *file || w->list)
		return rc;
	return err_set(err, ERR_MISSING, NULL, "say one FILE with the series, or - for standard input");
}

static int run_detect(const struct command *self, int argc, char **argv, const char *const *env)
{
	struct detect_words w = { 0 };
	struct err err = { 0 };
	struct detect_options o;
	struct arena arena;
	const struct detector *d = NULL;
	const char *file;
	int status = 0;
	(void)env;
	arena_init(&arena, 0);
	int rc = parse(argc, argv, &w, &file, &arena, &err);
	if (rc == 0)
		rc = find_method(w.method ? w.method : DEFAULT_METHOD, &d, &err);
	if (rc == 0)
		rc = read_options(&w, &o, &err);
	if (rc < 0)
		status = command_fail(self, 2, &err);
	else if (w.list)
		list_methods();
	else if (detect(d, &o, &w, file, &arena, &err) < 0)
		status = command_fail(self, 1, &err);
	arena_fini(&arena);
	return status;
}

static const struct cli_flag shown_flags[] = DETECT_FLAGS((struct detect_words *)NULL);

const struct command command_detect = {
	"detect",
	"FILE|-",
	"Find where a series changed.",
	"FILE holds one number a line, CSV or TSV (with or without a header), or JSON: [1, 2, null, 4]. "
	"Missing are\n"
	"null, nan, and empty cells. Values are counted from 1, in JSON answers from 0.\n",
	shown_flags,
	sizeof(shown_flags) / sizeof(shown_flags[0]),
	COMMAND_ALONE,
	run_detect
};
