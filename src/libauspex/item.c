/* One item as JSON, into the queue. */
#include "impl.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <string.h>
#include <time.h>

#define SERIES_MAX   512
#define ATTEMPTS_MAX 10000
#define TIME_MAX     4e9 /* seconds: what the daemon takes */

static double now_seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int auspex_sample_at(auspex_t *a, const char *series, double value, double unix_seconds)
{
	char line[SERIES_MAX * 6 + 160]; /* every byte escaped */
	struct ax_text t = { .data = line, .cap = sizeof(line) };

	if (!a || !series || !*series || strnlen(series, SERIES_MAX + 1) > SERIES_MAX || !isfinite(value) ||
	    !(unix_seconds > 0 && unix_seconds < TIME_MAX))
		return -EINVAL;
	ax_check_fork(a);
	ax_put(&t, "{\"series\":");
	ax_put_string(&t, series);
	ax_put(&t, ",\"t\":");
	ax_put_seconds(&t, unix_seconds);
	ax_put(&t, ",\"v\":");
	ax_put_double(&t, value);
	ax_put(&t, "}");
	char *room = t.full ? NULL : ax_queue_room(&a->queue, t.len);
	if (!room)
		return -EMSGSIZE;
	memcpy(room, line, t.len);
	ax_queue_add(&a->queue, AX_SAMPLE, t.len);
	return 0;
}

int auspex_sample(auspex_t *a, const char *series, double value)
{
	return auspex_sample_at(a, series, value, now_seconds());
}

static void put_attempt(struct ax_text *t, struct auspex_attempt attempt)
{
	ax_put(t, "{\"duration_seconds\":");
	ax_put_double(t, attempt.duration_s);
	ax_put(t, ",\"exit_code\":");
	ax_put_int(t, attempt.exit_code);
	ax_put(t, attempt.success ? ",\"success\":true}" : ",\"success\":false}");
}

/* The i-th attempt, made up from the run's own numbers where the caller gave none. */
static struct auspex_attempt attempt_of(const struct auspex_run *run, unsigned n, unsigned i)
{
	if (run->attempts)
		return run->attempts[i];
	bool last = i + 1 == n;
	int code = last && !run->failed ? 0 : last && run->exit_code ? run->exit_code : 1;
	return (struct auspex_attempt){ run->duration_s / n, code, last && !run->failed };
}

static void put_run(struct ax_text *t, const struct auspex_run *run, unsigned n, double finished_at)
{
	unsigned good = 0;
	for (unsigned i = 0; i < n; i++)
		good += attempt_of(run, n, i).success != 0;
	ax_put(t, "{\"command\":");
	ax_put_string(t, run->command);
	ax_put(t, run->failed ? ",\"final_status\":\"failed\"" : ",\"final_status\":\"succeeded\"");
	ax_put(t, ",\"total_duration_seconds\":");
	ax_put_double(t, run->duration_s);
	ax_put(t, ",\"total_attempts\":");
	ax_put_int(t, n);
	ax_put(t, ",\"successful_attempts\":");
	ax_put_int(t, good);
	ax_put(t, ",\"failed_attempts\":");
	ax_put_int(t, n - good);
	ax_put(t, ",\"attempts\":[");
	for (unsigned i = 0; i < n; i++) {
		ax_put(t, i ? "," : "");
		put_attempt(t, attempt_of(run, n, i));
	}
	ax_put(t, "],\"timestamp\":");
	ax_put_int(t, (long long)finished_at);
	ax_put(t, "}");
}

static bool is_duration(double v)
{
	return isfinite(v) && v >= 0;
}

static bool run_is_good(const struct auspex_run *run)
{
	if (!run || !run->command || !*run->command || !is_duration(run->duration_s) ||
	    run->n_attempts > ATTEMPTS_MAX || !(run->finished_at >= 0 && run->finished_at < TIME_MAX) ||
	    (run->attempts && !run->n_attempts))
		return false;
	for (unsigned i = 0; run->attempts && i < run->n_attempts; i++)
		if (!is_duration(run->attempts[i].duration_s))
			return false;
	return true;
}

int auspex_run(auspex_t *a, const struct auspex_run *run)
{
	if (!a || !run_is_good(run))
		return -EINVAL;
	ax_check_fork(a);
	unsigned n = run->n_attempts ? run->n_attempts : 1;
	double finished_at = run->finished_at > 0 ? run->finished_at : now_seconds();
	struct ax_text t = { .cap = SIZE_MAX };
	put_run(&t, run, n, finished_at); /* how long is it? */
	t = (struct ax_text){ .data = ax_queue_room(&a->queue, t.len), .cap = t.len };
	if (!t.data)
		return -EMSGSIZE;
	put_run(&t, run, n, finished_at);
	ax_queue_add(&a->queue, AX_RUN, t.len);
	return 0;
}
