/* detect: a series in, change points out. Knows no daemon: only the file and the detectors. */
#include "app/command.h"
#include "base/num.h"
#include "detect/detector.h"
#include "detect/fdr.h"
#include "detect/numbers.h"
#include "detect_answer.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define INPUT_MAX      (512u << 20)
#define READ_SIZE      (256u << 10)
#define DEFAULT_METHOD "edivisive"

struct detect_words {
	const char *method, *window, *max_pvalue, *min_magnitude, *false_share, *legacy, *column, *fdr, *json,
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
	  { "column", 0, "NAME|N", "Column of a table or key of JSON: its name, or its number from 1; several with commas, or all.", &(w)->column }, \
	  { "fdr", 0, "Q", "Judge the columns together: of what is told at most this share is false (Benjamini-Hochberg); what is held back for it is shown with its q. Method auto's p-values are made for it.", &(w)->fdr }, \
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

static int read_options(const struct detect_words *w, struct detect_options *o, double *rate, struct err *err)
{
	int64_t window = 0;
	*rate = NAN;
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
	if (rc == 0)
		rc = read_double("--fdr", w->fdr, rate, err);
	if (rc == 0 && w->fdr && !(*rate > 0 && *rate < 1))
		rc = err_set(err, ERR_RANGE, "--fdr", "a share is between 0 and 1, not %s", w->fdr);
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

/* --- the command ------------------------------------------------------------------------------------------------------ */

struct detect_work {
	const struct detector *detector;
	struct detect_options options;
	double rate; /* of --fdr; NaN: not asked */
	const struct detect_words *words;
	const char *name; /* of the file, for people */
	struct arena *arena;
};

/* A list of columns - unless one column has just that name. */
static bool is_list(const struct detect_work *k, struct view text)
{
	const char *column = k->words->column;
	struct numbers x;
	bool there = false;
	if (!isnan(k->rate) || !column || (strcmp(column, "all") != 0 && !strchr(column, ',')))
		return !isnan(k->rate);
	numbers_init(&x);
	if (numbers_read(text, k->name, column, detector_most(k->detector), &x, NULL) == 0)
		for (size_t i = 0; i < x.n; i++)
			there |= !isnan(x.values[i]);
	numbers_fini(&x);
	return !there;
}

static int flush(const struct buf *out, struct err *err)
{
	if (out->failed)
		return err_set(err, -ENOMEM, NULL, "out of memory");
	if (out->len)
		fwrite(out->data, 1, out->len, stdout);
	if (fflush(stdout) != 0 || ferror(stdout))
		return err_set(err, -EIO, "standard output", "%s", strerror(errno));
	return 0;
}

static int look_at(const struct detect_work *k, const struct numbers *x, struct change_result *r,
		   struct err *err)
{
	*r = (struct change_result){ .arena = k->arena };
	int rc = detect_series(k->detector, x->values, x->n, &k->options, r);
	return rc < 0 ? err_set(err, rc, k->name, "%s", err_text(rc)) : 0;
}

static int detect_one(const struct detect_work *k, struct view text, struct buf *out, struct err *err)
{
	struct change_result result;
	struct numbers x;
	numbers_init(&x);
	int rc = numbers_read(text, k->name, k->words->column, detector_most(k->detector), &x, err);
	if (rc == 0)
		rc = look_at(k, &x, &result, err);
	if (rc == 0 && k->words->json) {
		struct jw w = jw_init(out, JW_COMPACT);
		detect_write_series(&w, &x, k->detector, &result);
		buf_putc(out, '\n');
	} else if (rc == 0) {
		detect_print_series(&x, k->detector, &result);
	}
	numbers_fini(&x);
	return rc;
}

static int look_at_all(const struct detect_work *k, struct detect_answer *a, struct err *err)
{
	size_t n = a->columns->n;
	struct change_result *results = arena_alloc(k->arena, n * sizeof(*results));
	double *p = arena_alloc(k->arena, n * sizeof(*p));
	int rc = results && p ? 0 : err_set(err, -ENOMEM, NULL, "out of memory");
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = look_at(k, &a->columns->columns[i].x, &results[i], err);
	if (rc == 0)
		fdr_collect(results, n, p);
	a->results = results;
	a->p = p;
	return rc;
}

static int detect_columns(const struct detect_work *k, struct view text, struct buf *out, struct err *err)
{
	struct numbers_columns columns;
	struct detect_answer a = {
		.detector = k->detector, .columns = &columns, .together = !isnan(k->rate), .rate = k->rate
	};
	numbers_columns_init(&columns);
	int rc = numbers_read_columns(text, k->name, k->words->column ? k->words->column : "all",
				      detector_most(k->detector), &columns, err);
	if (rc == 0)
		rc = look_at_all(k, &a, err);
	if (rc == 0 && k->words->json) {
		struct jw w = jw_init(out, JW_COMPACT);
		detect_write_columns(&w, &a);
		buf_putc(out, '\n');
	} else if (rc == 0) {
		detect_print_columns(&a);
	}
	numbers_columns_fini(&columns);
	return rc;
}

static int detect(struct detect_work *k, const char *file, struct err *err)
{
	struct buf in, out;
	k->name = strcmp(file, "-") == 0 ? "standard input" : file;
	buf_init(&in);
	buf_init(&out);
	int rc = read_file(file, k->name, &in, err);
	struct view text = { in.data, in.len };
	if (rc == 0)
		rc = is_list(k, text) ? detect_columns(k, text, &out, err) : detect_one(k, text, &out, err);
	if (rc == 0)
		rc = flush(&out, err);
	buf_fini(&in);
	buf_fini(&out);
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
	struct arena arena;
	struct detect_work k = { .words = &w, .arena = &arena };
	const char *file;
	int status = 0;
	(void)env;
	arena_init(&arena, 0);
	int rc = parse(argc, argv, &w, &file, &arena, &err);
	if (rc == 0)
		rc = find_method(w.method ? w.method : DEFAULT_METHOD, &k.detector, &err);
	if (rc == 0)
		rc = read_options(&w, &k.options, &k.rate, &err);
	if (rc < 0)
		status = command_fail(self, 2, &err);
	else if (w.list)
		list_methods();
	else if (detect(&k, file, &err) < 0)
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
