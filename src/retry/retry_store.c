/* Runs in the history: one row each, read back at start. */
#include "retry_impl.h"

#include <errno.h>

enum {
	COL_COMMAND,
	COL_HASH,
	COL_STATUS,
	COL_DURATION,
	COL_TOTAL,
	COL_SUCCESSFUL,
	COL_FAILED,
	COL_TIMESTAMP,
	COL_ATTEMPTS,
	COL_UID,
	COL_PID,
	N_COLUMNS
};
#define LOAD_PAGE 10000u

/* attempts: the JSON array of protocol A; NULL = the document had none. uid and pid: of the sender, NULL =
 * unknown. */
static const struct store_column columns[N_COLUMNS] = {
	[COL_COMMAND] = { "command", STORE_TEXT, false },
	[COL_HASH] = { "command_hash", STORE_TEXT, false },
	[COL_STATUS] = { "final_status", STORE_TEXT, false },
	[COL_DURATION] = { "total_duration", STORE_REAL, false },
	[COL_TOTAL] = { "total_attempts", STORE_INT, false },
	[COL_SUCCESSFUL] = { "successful_attempts", STORE_INT, false },
	[COL_FAILED] = { "failed_attempts", STORE_INT, false },
	[COL_TIMESTAMP] = { "timestamp", STORE_INT, false },
	[COL_ATTEMPTS] = { "attempts", STORE_TEXT, false },
	[COL_UID] = { "uid", STORE_INT, false },
	[COL_PID] = { "pid", STORE_INT, false },
};
const struct store_kind retry_run_kind = {
	.name = "retry_run", .columns = columns, .n_columns = N_COLUMNS, .version = 1
};

/* The attempts as JSON: as they came where that is nothing but them, else written anew. */
static struct view attempts_text(struct retry *r, const struct run *run)
{
	if (run->attempts_text.data)
		return run->attempts_text;
	buf_clear(&r->scratch);
	struct jw w = jw_init(&r->scratch, JW_COMPACT);
	run_write_attempts(&w, NULL, run);
	return (struct view){ r->scratch.data, r->scratch.len };
}

int retry_store_append(struct retry *r, const struct run *run, enum store_weight weight)
{
	const struct store_value values[N_COLUMNS] = {
		[COL_COMMAND] = SV_TEXT(run->command),
		[COL_HASH] = SV_TEXT(run->command_hash),
		[COL_STATUS] = SV_TEXT(run->final_status),
		[COL_DURATION] = SV_REAL(run->total_duration_s),
		[COL_TOTAL] = SV_INT(run->total_attempts),
		[COL_SUCCESSFUL] = SV_INT(run->successful_attempts),
		[COL_FAILED] = SV_INT(run->failed_attempts),
		[COL_TIMESTAMP] = SV_INT(run->timestamp),
		[COL_ATTEMPTS] = run->attempts_null ? SV_NULL : SV_TEXT(attempts_text(r, run)),
		[COL_UID] = run->uid < 0 ? SV_NULL : SV_INT(run->uid),
		[COL_PID] = run->pid < 0 ? SV_NULL : SV_INT(run->pid),
	};
	return store_append(r->deps.store, &retry_run_kind, run->stored_at, values, weight);
}

struct loading {
	struct retry *r;
	struct json_doc doc;
	int64_t last_id;
	uint32_t rows;
	int rc;
};

static struct view text_of(const struct store_value *v)
{
	return v->null || !v->v.data ? VIEW("") : v->v;
}

/* Reads the attempts through the decoder of documents, so that both know one form. */
static int load_attempts(struct loading *l, struct view text, struct run *run)
{
	struct run wrapped;
	struct buf doc;
	struct err err = { 0 };

	buf_init(&doc);
	buf_puts(&doc, "{\"attempts\":");
	buf_view(&doc, text);
	buf_putc(&doc, '}');
	int rc = doc.failed ? -ENOMEM : json_parse_all(&l->doc, doc.data, doc.len, 0, &err);
	if (rc == 0)
		rc = run_decode(&l->doc, 0, false, &l->r->arena, &wrapped, &err);
	if (rc == 0) {
		run->attempts = wrapped.attempts; /* in the arena, not in `doc` */
		run->n_attempts = wrapped.n_attempts;
		run->attempts_null = wrapped.attempts_null;
	}
	buf_fini(&doc);
	return rc;
}

static void load_row(void *arg, const struct store_row *row)
{
	struct loading *l = arg;
	const struct store_value *v = row->values;

	l->rows++;
	l->last_id = row->id;
	arena_reset(&l->r->arena);
	struct run run = { .stored_at = row->t,
			   .command = text_of(&v[COL_COMMAND]),
			   .command_hash = text_of(&v[COL_HASH]),
			   .final_status = text_of(&v[COL_STATUS]),
			   .total_duration_s = v[COL_DURATION].d,
			   .total_attempts = v[COL_TOTAL].i,
			   .successful_attempts = v[COL_SUCCESSFUL].i,
			   .failed_attempts = v[COL_FAILED].i,
			   .timestamp = v[COL_TIMESTAMP].i,
			   .attempts_null = true,
			   .uid = v[COL_UID].null ? -1 : v[COL_UID].i,
			   .pid = v[COL_PID].null ? -1 : v[COL_PID].i };
	if (!v[COL_ATTEMPTS].null && load_attempts(l, text_of(&v[COL_ATTEMPTS]), &run) < 0)
		l->r->loading_errors++; /* the run is worth keeping without them */
	int rc = book_add(l->r->book, &run);
	l->rc = l->rc ? l->rc : rc;
}

static bool store_is_faulty(const struct store *store)
{
	struct store_stats stats;
	store_get_stats(store, &stats);
	return stats.state > STORE_NONE;
}

/* Ids ascend in order of arrival and only the oldest are ever trimmed, so the newest max_runs begin that far
 * from the last id. */
int retry_store_load(struct retry *r, wall_ns now, struct err *err)
{
	struct loading l = { .r = r };
	int64_t last = store_last_id(r->deps.store, &retry_run_kind);
	wall_ns since;
	int rc = 0;

	if (__builtin_sub_overflow(now, r->opt.max_age_ns - 1, &since))
		since = INT64_MIN;
	l.last_id = last > r->opt.max_runs ? last - r->opt.max_runs : 0;
	json_doc_init(&l.doc);
	do {
		const struct store_query q = {
			.kind = &retry_run_kind, .since = since, .after_id = l.last_id, .limit = LOAD_PAGE
		};
		l.rows = 0;
		rc = store_load(r->deps.store, &q, load_row, &l);
		rc = rc ? rc : l.rc;
	} while (rc == 0 && l.rows == LOAD_PAGE);
	json_doc_fini(&l.doc);
	if (rc < 0 && store_is_faulty(r->deps.store)) {
		/* A full disk must not keep the daemon from serving what comes now. */
		LOG(r->deps.log, LOG_WARN, "retry", "stored runs are not shown until the next start",
		    LF_S("error", err_text(rc)));
		return 0;
	}
	if (rc < 0)
		return err_set(err, rc, "", "the stored runs could not be read: %s", err_text(rc));
	if (r->loading_errors)
		LOG(r->deps.log, LOG_WARN, "retry", "attempts of stored runs could not be read",
		    LF_I("runs", r->loading_errors));
	return 0;
}

void retry_store_trim(struct retry *r, wall_ns now)
{
	wall_ns before;
	if (__builtin_sub_overflow(now, r->opt.max_age_ns - 1, &before))
		before = INT64_MIN;
	store_trim(r->deps.store, &retry_run_kind, before, r->opt.max_runs);
}
