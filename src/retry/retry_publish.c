/* Once a second: the service's figures as samples, and what failed as events. */
#include "retry_impl.h"

#include "base/map.h"
#include "base/utf8.h"

#include <math.h>
#include <stdio.h>

/* Series of one emitter tick together under one group; this one is the retry service's. */
#define RETRY_GROUP 0x72657472u /* "retr" */
#define LOSS_TICKS  10

int retry_publish_init(struct retry *r, struct err *err)
{
	static const struct {
		const char *key;
		struct series_meta meta;
	} rows[RETRY_SERIES] = {
		[SERIES_RUNS] = { "retry.runs", { SERIES_COUNTER, 0, "runs", "Finished runs received." } },
		[SERIES_FAILED] = { "retry.failed_runs",
				    { SERIES_COUNTER, 0, "runs", "Finished runs that did not succeed." } },
		[SERIES_ATTEMPTS] = { "retry.attempts",
				      { SERIES_COUNTER, 0, "attempts", "Attempts of all runs." } },
		[SERIES_DURATION] = { "retry.duration_seconds",
				      { SERIES_COUNTER, 3, "seconds",
					"Time spent in runs, waits included." } },
		[SERIES_STORED] = { "retry.stored", { SERIES_GAUGE, 0, "runs", "Runs held in memory." } },
	};
	if (!r->deps.registry || !r->deps.hub)
		return 0;
	for (int i = 0; i < RETRY_SERIES; i++) {
		int rc = registry_intern(r->deps.registry, view_of(rows[i].key), &rows[i].meta, &r->series[i],
					 err);
		if (rc < 0)
			return rc;
	}
	r->have_series = true;
	return 0;
}

void retry_note_failure(struct retry *r, struct view command)
{
	struct failing *f = &r->failing;
	uint64_t hash = hash_bytes(command.data, command.len);

	for (uint32_t i = 0; i < f->n; i++)
		if (f->rows[i].hash == hash) {
			f->rows[i].count++;
			return;
		}
	if (f->n == FAILING_MAX) {
		f->others++;
		return;
	}
	struct failing_row *row = &f->rows[f->n++];
	size_t len = command.len < FAILING_TEXT ? command.len : FAILING_TEXT;
	row->hash = hash;
	row->count = 1;
	row->len = (uint8_t)utf8_valid_prefix(command.data, len); /* a cut must not split a character */
	memcpy(row->command, command.data, row->len);
}

static void publish_event(struct retry *r, wall_ns now, uint64_t count, struct view command)
{
	char title[FAILING_TEXT + 64], detail[64];
	const char *runs = count == 1 ? "run" : "runs";
	int len;

	if (command.len)
		len = snprintf(title, sizeof(title), "%llu %s of '%.*s' failed", (unsigned long long)count,
			       runs, (int)command.len, command.data);
	else
		len = snprintf(title, sizeof(title), "%llu %s of other commands failed",
			       (unsigned long long)count, runs);
	int detail_len = snprintf(detail, sizeof(detail), "{\"count\":%llu}", (unsigned long long)count);
	if (len < 0 || detail_len < 0)
		return;
	const struct event e = { .t = now / NS_PER_MS,
				 .kind = EVENT_RUN_FAILED,
				 .severity = SEVERITY_WARNING,
				 .subject = command.len ? command : VIEW("retry"),
				 .title = { title,
					    (size_t)len < sizeof(title) ? (size_t)len : sizeof(title) - 1 },
				 .detail = { detail, (size_t)detail_len } };
	hub_event(r->deps.hub, &e);
}

static void publish_failures(struct retry *r, wall_ns now)
{
	struct failing *f = &r->failing;
	for (uint32_t i = 0; i < f->n; i++)
		publish_event(r, now, f->rows[i].count, (struct view){ f->rows[i].command, f->rows[i].len });
	if (f->others)
		publish_event(r, now, f->others, (struct view){ NULL, 0 });
	f->n = 0;
	f->others = 0;
}

/* Runs that only memory has, because the disk could not keep up: said at once, then at most every ten
 * seconds. */
static void publish_losses(struct retry *r, wall_ns now)
{
	char title[128];
	uint64_t lost = r->detail_dropped - r->told_dropped;

	if (lost == 0 || (r->told_dropped && r->ticks - r->told_tick < LOSS_TICKS))
		return;
	r->told_dropped = r->detail_dropped;
	r->told_tick = r->ticks;
	int len = snprintf(title, sizeof(title),
			   "%llu runs were not written to the history: the disk could not keep up",
			   (unsigned long long)lost);
	LOG(r->deps.log, LOG_WARN, "retry", "runs not written to the history, the writer is behind",
	    LF_I("runs", lost));
	const struct event e = { .t = now / NS_PER_MS,
				 .kind = EVENT_DATA_LOSS,
				 .severity = SEVERITY_WARNING,
				 .subject = VIEW("retry"),
				 .title = { title, (size_t)len } };
	hub_event(r->deps.hub, &e);
}

void retry_publish(struct retry *r, wall_ns now)
{
	if (!r->deps.hub)
		return;
	publish_failures(r, now);
	publish_losses(r, now);
	if (!r->have_series)
		return;
	struct book_totals t = book_totals(r->book);
	const double values[RETRY_SERIES] = {
		[SERIES_RUNS] = (double)t.runs,
		[SERIES_FAILED] = (double)(t.runs - t.successes),
		[SERIES_ATTEMPTS] = (double)t.attempts,
		[SERIES_DURATION] = isfinite(t.duration_s) ? t.duration_s : NAN,
		[SERIES_STORED] = (double)book_count(r->book),
	};
	const struct tick tick = { .group = RETRY_GROUP,
				   .t = now / NS_PER_MS,
				   .n = RETRY_SERIES,
				   .series = r->series,
				   .values = values };
	hub_tick(r->deps.hub, &tick);
}
