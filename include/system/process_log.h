/* Who used the machine, then: every few seconds the greatest users of CPU and of memory go into the history, and tracked processes that come and go onto
 * the timeline.
 *
 * A moment is one small row (table process_top): numbers of rows of a second table (process_seen), which tells name, arguments and start of each
 * process once a day, and what it used at that moment. GET /api/system/processes answers the present from memory and the past from there.
 *
 * Events are of processes that last: those that end within ten seconds are told neither when they come nor when they go, and no more than a few a
 * minute are told one by one. Loop only.
 */
#ifndef AUSPEX_SYSTEM_PROCESS_LOG_H
#define AUSPEX_SYSTEM_PROCESS_LOG_H

#include "base/log.h"
#include "conf/option.h"
#include "net/route.h"
#include "series/hub.h"
#include "store/store.h"
#include "system/system.h"

struct process_log_options {
	int64_t interval_ns;  /* from one moment to the next; 0: none is kept */
	int64_t count;        /* of each order */
	int64_t retention_ns;
};
extern const struct option_table process_log_option_table; /* section "system" */
extern const struct store_kind process_top_kind, process_seen_kind;
extern const struct http_route process_routes[]; /* context: struct process_log * */
extern const size_t process_n_routes;

struct process_log_deps {
	const struct clock *clock;
	struct log *log;
	struct hub *hub;
	struct store *store;
	struct system *system;
};
struct process_log;
/* Subscribes to the samples of `system`, which must end before. `opt` is copied. 0, -ENOMEM or ERR_FULL. */
int process_log_new(struct process_log **out, const struct process_log_deps *deps, const struct process_log_options *opt);
void process_log_reconfigure(struct process_log *l, const struct process_log_options *opt);
/* After the HTTP server has closed. NULL is allowed. */
void process_log_free(struct process_log *l);

#endif
