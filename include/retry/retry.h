/* The retry service: runs in, statistics out, slots handed out. The I/O half that joins book, slots, store, hub, intake and routes.
 *
 * Loop only.
 */
#ifndef AUSPEX_RETRY_RETRY_H
#define AUSPEX_RETRY_RETRY_H

#include "conf/option.h"
#include "intake/push.h"
#include "net/route.h"
#include "retry/book.h"
#include "series/hub.h"
#include "store/store.h"

struct retry_options {
	int64_t max_runs, max_age_ns;
	bool persist;
};
extern const struct option_table retry_option_table; /* section "retry" */
extern const struct store_kind retry_run_kind;       /* table "retry_run" */
extern const struct http_route retry_routes[];       /* /api/metrics/…, /api/daemon/stats; context: struct retry * */
extern const size_t retry_n_routes;

struct retry_deps {
	uv_loop_t *loop;
	const struct clock *clock;
	struct log *log;
	struct hub *hub;
	struct registry *registry;
	struct store *store; /* never NULL; may be without a directory */
	bool mask_secrets;
};

struct retry;
/* Loads what the store holds (newest max_runs within max_age). */
int retry_new(struct retry **out, const struct retry_deps *deps, const struct retry_options *opt, struct err *err);
void retry_reconfigure(struct retry *r, const struct retry_options *opt, bool mask_secrets);
/* Stops timers; cb when all handles are closed; then freed. */
void retry_close(struct retry *r, void (*cb)(void *arg), void *arg);
/* Rows for intake (runs, handshake, schedule_request, register_request) and push ("runs"). */
int retry_register(struct retry *r, struct intake *in, struct push *push);
/* For live streams and self metrics. */
const struct book *retry_book(const struct retry *r);

#endif
