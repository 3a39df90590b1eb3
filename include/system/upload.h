/* The upload: one item a minute for this host into a DynamoDB table, and its line in a registry of hosts.
 *
 * Samples are gathered minute by minute; a whole minute goes into the outbox (channel "dynamodb"), which keeps it through outages and restarts, and from
 * there into the table as soon as the service takes it, oldest first, up to 25 at a time. Nothing here ever waits: sampling does not notice. What comes
 * next is decided by a pure state machine (src/system/upload_plan.h); libcurl is loaded with the first request, thus never while the upload is off.
 *
 *     upload_new(&u, &deps, &options, &err);
 *     system_on_sample(system, upload_sample, u);
 *     …
 *     upload_close(u, closed, me);           // the host leaves: within a second
 *
 * Loop only.
 */
#ifndef AUSPEX_SYSTEM_UPLOAD_H
#define AUSPEX_SYSTEM_UPLOAD_H

#include "base/log.h"
#include "conf/option.h"
#include "series/hub.h"
#include "store/outbox.h"
#include "system/sample.h"

#include <uv.h>

struct upload_options {
	bool enabled, samples;
	const char *table, *registry_table;
	const char *region, *profile, *endpoint_url; /* empty: as AWS's own tools find them */
	const char *host;                            /* empty: this machine's name */
	int64_t interval_ns;
	int64_t spool; /* minutes */
};
extern const struct option_table upload_option_table; /* section "dynamodb" */

struct upload_deps {
	uv_loop_t *loop;
	const struct clock *clock;
	struct log *log;
	struct hub *hub; /* events; or NULL */
	struct outbox *outbox;
	const char *const *env; /* where credentials are looked for */
	bool tell_each;         /* log every successful upload, not only the first after trouble */
};

/* X(cause): why requests failed, in the words of the self metrics. */
#define UPLOAD_CAUSE_MAP(X) X(denied) X(credentials) X(skewed) X(throttled) X(network) X(server) X(invalid) X(other)
enum upload_cause {
#define X(name) UPLOAD_CAUSE_##name,
	UPLOAD_CAUSE_MAP(X)
#undef X
	UPLOAD_CAUSES
};

struct upload_stats {
	bool enabled;
	bool ready; /* the table is there */
	bool trouble; /* and has been for more than a passing moment */
	uint64_t queued, sent, rejected, dropped; /* minutes */
	uint64_t failed[UPLOAD_CAUSES];           /* requests */
	wall_ns last_sent;                        /* 0: never */
	char last_error[512];                     /* "" since a success */
	char registry_error[240];                 /* why this machine's line in the registry is not kept; "" it is */
	const char *table, *url;                  /* "" while off; borrowed until the next change */
};

struct upload;
/* `options` are copied. 0, -ENOMEM. What is wrong with region or URL is logged and stands in the stats: the daemon runs on without the upload. */
int upload_new(struct upload **out, const struct upload_deps *deps, const struct upload_options *options);
/* On, off, or elsewhere. */
void upload_reconfigure(struct upload *u, const struct upload_options *options);
/* A host_sample_cb; `arg` is the struct upload. */
void upload_sample(void *arg, const struct host_sample *s);
void upload_get_stats(const struct upload *u, struct upload_stats *out);
/* The open minute goes into the outbox, the host is told to be offline if all is well, for at most a second; then cb, and it is freed. The outbox must
 * still be there. */
void upload_close(struct upload *u, void (*cb)(void *arg), void *arg);

#endif
