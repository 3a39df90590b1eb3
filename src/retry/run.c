#include "retry/run.h"

#include "base/timefmt.h"

bool run_succeeded(const struct run *run)
{
	return view_eq(run->final_status, VIEW("succeeded"));
}

void run_write_attempts(struct jw *w, const char *key, const struct run *run)
{
	if (run->attempts_null) {
		jw_null(w, key);
		return;
	}
	jw_arr(w, key);
	for (uint32_t i = 0; i < run->n_attempts; i++) {
		const struct run_attempt *a = &run->attempts[i];
		jw_obj(w, NULL);
		jw_double(w, "duration_seconds", a->duration_s);
		jw_i64(w, "exit_code", a->exit_code);
		jw_bool(w, "success", a->success);
		jw_end(w);
	}
	jw_end(w);
}

void run_write(struct jw *w, const struct run *run)
{
	char stamp[TIMEFMT_MAX];
	size_t len = time_format_rfc3339(run->stored_at, 0, stamp);

	jw_obj(w, NULL);
	jw_str(w, "timestamp", (struct view){ stamp, len });
	jw_obj(w, "metrics");
	jw_str(w, "command", run->command);
	jw_str(w, "command_hash", run->command_hash);
	jw_str(w, "final_status", run->final_status);
	jw_double(w, "total_duration_seconds", run->total_duration_s);
	jw_i64(w, "total_attempts", run->total_attempts);
	jw_i64(w, "successful_attempts", run->successful_attempts);
	jw_i64(w, "failed_attempts", run->failed_attempts);
	run_write_attempts(w, "attempts", run);
	jw_i64(w, "timestamp", run->timestamp);
	jw_end(w);
	jw_end(w);
}
