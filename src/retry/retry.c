#include "retry_impl.h"

#include <errno.h>
#include <stdlib.h>

#define TICK_MS            1000
#define SLOTS_EXPIRE_TICKS 10
#define TRIM_TICKS         60
#define TRIM_FIRST_TICK    10 /* not in the first busy seconds of a start */

static const struct option rows[] = {
	OPT_INT(struct retry_options, max_runs, "max_runs", "10000", 0, 100000000, "runs", OPT_RELOAD,
		"Most runs kept in memory and answered by the API; older ones leave first."),
	OPT_DURATION(struct retry_options, max_age_ns, "max_age", "24h", 0, 3650.0 * 86400, OPT_RELOAD,
		     "How long a run is kept and answered."),
	OPT_BOOL(struct retry_options, persist, "persist", "true", OPT_RELOAD,
		 "Keep runs on disk, so that they survive a restart."),
};
const struct option_table retry_option_table = { "retry", "Retry service", rows,
						 sizeof(rows) / sizeof(rows[0]),
						 sizeof(struct retry_options) };

static struct book_limits limits_of(const struct retry_options *opt)
{
	return (struct book_limits){ .max_runs = opt->max_runs, .max_age_ns = opt->max_age_ns };
}

static void on_tick(uv_timer_t *timer)
{
	struct retry *r = timer->data;
	wall_ns now = clock_wall_ns(r->deps.clock);

	r->ticks++;
	book_expire(r->book, now);
	retry_publish(r, now);
	if (r->ticks % SLOTS_EXPIRE_TICKS == 0)
		slots_expire(r->slots, now / NS_PER_MS);
	if (r->opt.persist && r->ticks % TRIM_TICKS == TRIM_FIRST_TICK)
		retry_store_trim(r, now);
}

static void retry_free(struct retry *r)
{
	book_free(r->book);
	slots_free(r->slots);
	arena_fini(&r->arena);
	buf_fini(&r->scratch);
	free(r);
}

static void on_timer_closed(uv_handle_t *handle)
{
	struct retry *r = handle->data;
	void (*cb)(void *arg) = r->closed;
	void *arg = r->closed_arg;
	retry_free(r);
	if (cb)
		cb(arg);
}

static int start_timer(struct retry *r, struct err *err)
{
	int rc = uv_timer_init(r->deps.loop, &r->timer);
	if (rc < 0)
		return err_set(err, rc, "", "no timer for the retry service: %s", err_text(rc));
	r->timer.data = r;
	return uv_timer_start(&r->timer, on_tick, TICK_MS, TICK_MS);
}

int retry_new(struct retry **out, const struct retry_deps *deps, const struct retry_options *opt,
	      struct err *err)
{
	const struct book_limits limits = limits_of(opt);
	struct retry *r = calloc(1, sizeof(*r));
	int rc = -ENOMEM;

	if (!r)
		return err_set(err, rc, "", "out of memory");
	r->deps = *deps;
	r->opt = *opt;
	arena_init(&r->arena, 4096);
	buf_init(&r->scratch);
	r->book = book_new(&limits);
	r->slots = slots_new();
	if (!r->book || !r->slots) {
		err_set(err, rc, "", "out of memory");
		goto fail;
	}
	rc = retry_publish_init(r, err);
	if (rc == 0 && opt->persist)
		rc = retry_store_load(r, clock_wall_ns(deps->clock), err);
	if (rc == 0)
		rc = start_timer(r, err);
	if (rc < 0)
		goto fail;
	book_expire(r->book, clock_wall_ns(deps->clock));
	*out = r;
	return 0;
fail:
	retry_free(r);
	return rc;
}

void retry_reconfigure(struct retry *r, const struct retry_options *opt, bool mask_secrets)
{
	const struct book_limits limits = limits_of(opt);
	r->opt = *opt;
	r->deps.mask_secrets = mask_secrets;
	book_set_limits(r->book, &limits, clock_wall_ns(r->deps.clock));
}

void retry_close(struct retry *r, void (*cb)(void *arg), void *arg)
{
	r->closed = cb;
	r->closed_arg = arg;
	retry_publish(r, clock_wall_ns(r->deps.clock)); /* the last part of a second is not lost */
	uv_timer_stop(&r->timer);
	uv_close((uv_handle_t *)&r->timer, on_timer_closed);
}

int retry_register(struct retry *r, struct intake *in, struct push *push)
{
	const struct push_list list = retry_push_list(r);
	int rc = 0;

	for (size_t i = 0; rc == 0 && in && i < retry_n_kind_rows; i++) {
		struct intake_kind kind = retry_kind_rows[i];
		kind.ctx = r;
		rc = intake_add_kind(in, &kind);
	}
	return rc == 0 && push ? push_add_list(push, &list) : rc;
}

const struct book *retry_book(const struct retry *r)
{
	return r->book;
}
