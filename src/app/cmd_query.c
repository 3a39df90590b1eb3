/* query: series, events and runs from the shell. */
#include "app/client.h"
#include "app/command.h"
#include "app/plan.h"
#include "base/json.h"
#include "base/timefmt.h"

#include <stdio.h>
#include <string.h>

struct query_words {
	const char *start, *end, *step, *limit, *json;
};

/* clang-format off */
#define QUERY_FLAGS(w)                                                                                                          \
	{ { "start", 's', "TIME", "Begin: RFC 3339, Unix seconds or relative (-1h, the default).", &(w)->start },             \
	  { "end", 'e', "TIME", "End; default now.", &(w)->end },                                                             \
	  { "step", 0, "DURATION", "Width of a step (10s, 5m).", &(w)->step },                                                \
	  { "limit", 'n', "N", "Most events or runs.", &(w)->limit },                                                         \
	  { "json", 0, NULL, "The daemon's JSON as it is.", &(w)->json } }
/* clang-format on */

static void add(struct buf *target, const char *name, const char *value)
{
	if (!value)
		return;
	buf_putc(target, memchr(target->data, '?', target->len) ? '&' : '?');
	buf_puts(target, name);
	buf_putc(target, '=');
	client_encode(target, value);
}

static void make_target(const char *what, const struct query_words *q, struct buf *target)
{
	if (strcmp(what, "series") == 0) {
		buf_puts(target, "/api/series");
	} else if (strcmp(what, "events") == 0) {
		buf_puts(target, "/api/events");
		add(target, "since", q->start);
		add(target, "until", q->end);
		add(target, "limit", q->limit);
	} else if (strcmp(what, "runs") == 0) {
		buf_puts(target, "/api/metrics/recent");
		add(target, "limit", q->limit);
	} else {
		buf_puts(target, "/api/series/query");
		add(target, "key", what);
		add(target, "start", q->start);
		add(target, "end", q->end);
		add(target, "step", q->step);
	}
}

/* A cell: a string without quotes, anything else as it stands. */
static struct view cell(const struct json_doc *doc, json_ref object, const char *key, struct arena *arena)
{
	json_ref r = json_get(doc, object, view_of(key));
	if (r == JSON_NONE)
		return VIEW("");
	return json_type(doc, r) == JSON_STRING ? json_string(doc, r, arena) : json_raw(doc, r);
}

/* Tab-separated rows: easy to read, easy to cut. */
static void print_rows(const struct json_doc *doc, const char *list, const char *inner,
		       const char *const *columns, struct arena *arena)
{
	json_ref rows = json_get(doc, 0, view_of(list));
	for (json_ref r = json_first(doc, rows); r != JSON_NONE; r = json_next(doc, rows, r)) {
		json_ref nested = inner ? json_get(doc, r, view_of(inner)) : JSON_NONE;
		for (size_t i = 0; columns[i]; i++) {
			struct view v = cell(doc, r, columns[i], arena);
			if (!v.len && nested != JSON_NONE)
				v = cell(doc, nested, columns[i], arena);
			printf("%s%.*s", i ? "\t" : "", (int)v.len, v.data);
		}
		putchar('\n');
	}
}

static void print_answer(const char *what, const struct buf *body)
{
	static const char *const series[] = { "key", "v", "unit", "type", NULL };
	static const char *const events[] = { "time", "severity", "kind", "title", NULL };
	static const char *const runs[] = { "timestamp",      "final_status",
					    "total_attempts", "total_duration_seconds",
					    "command",        NULL };
	static const char *const points[] = { "t", "min", "avg", "max", "n", NULL };
	struct json_doc doc;
	struct arena arena;
	json_doc_init(&doc);
	arena_init(&arena, 65536);
	if (json_parse_all(&doc, body->data, body->len, 0, NULL) < 0)
		fwrite(body->data, 1, body->len, stdout);
	else if (strcmp(what, "series") == 0)
		print_rows(&doc, "series", NULL, series, &arena);
	else if (strcmp(what, "events") == 0)
		print_rows(&doc, "events", NULL, events, &arena);
	else if (strcmp(what, "runs") == 0)
		print_rows(&doc, "metrics", "metrics", runs, &arena);
	else if (json_first(&doc, json_get(&doc, 0, VIEW("points"))) == JSON_NONE)
		fprintf(stderr,
			"auspex query: %s has no samples in this range; auspex query series lists the "
			"series\n",
			what);
	else
		print_rows(&doc, "points", NULL, points, &arena);
	arena_fini(&arena);
	json_doc_fini(&doc);
}

static int ask(const char *what, const struct query_words *q, struct plan *plan, struct err *err)
{
	struct buf target, body;
	int status = 0, port = plan->n_listens ? plan->listens[0].port : 8080;
	buf_init(&target);
	buf_init(&body);
	make_target(what, q, &target);
	int rc = client_http(port, buf_str(&target), (struct view){ 0 }, plan_key(plan), 30000, &status,
			     &body, err);
	if (rc == 0 && status != 200)
		rc = err_set(err, ERR_DENIED, NULL, "the daemon answered %d: %.300s", status, buf_str(&body));
	else if (rc == 0 && q->json)
		fwrite(body.data, 1, body.len, stdout);
	else if (rc == 0)
		print_answer(what, &body);
	buf_fini(&target);
	buf_fini(&body);
	return rc;
}

static int run_query(const struct command *self, int argc, char **argv, const char *const *env)
{
	struct query_words q = { 0 };
	struct cli_flag flags[] = QUERY_FLAGS(&q);
	struct plan plan;
	struct plan_source source = { plan_make_native, argc, argv, env };
	struct err err = { 0 };
	struct plan_words words;
	plan_init(&plan);
	int rc = plan_make_command(&source, flags, sizeof(flags) / sizeof(flags[0]), &words, &plan, &err);
	if (rc == 0 && words.n != 1)
		rc = err_set(&err, ERR_MISSING, NULL,
			     "say what: series, events, runs, or the key of one series");
	if (rc == 0)
		rc = ask(words.items[0], &q, &plan, &err);
	plan_fini(&plan);
	return rc < 0 ? command_fail(self, 1, &err) : 0;
}

static const struct cli_flag shown_flags[] = QUERY_FLAGS((struct query_words *)NULL);

const struct command command_query = {
	"query",
	"series|events|runs|KEY",
	"Ask the running daemon for series, events or runs.",
	"KEY is a series such as auspex.rss_bytes; rows are separated by tabs.\n",
	shown_flags,
	sizeof(shown_flags) / sizeof(shown_flags[0]),
	COMMAND_CONFIG,
	run_query
};
