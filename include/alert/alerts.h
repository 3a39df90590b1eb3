/* The alert service: the I/O half around the engine. It listens to the hub, sweeps once a second, keeps rules, alerts and silences in
 * the history, puts every transition on the timeline and answers the routes under /api/alerts.
 *
 * What a person does is answered after the commit. When the history refuses, it holds in memory, the answer says so (503), and
 * writing is tried again every second.
 *
 * Loop only.
 */
#ifndef AUSPEX_ALERT_ALERTS_H
#define AUSPEX_ALERT_ALERTS_H

#include "alert/engine.h"
#include "base/log.h"
#include "net/route.h"
#include "series/hub.h"
#include "store/store.h"

#include <uv.h>

extern const struct store_kind alert_rule_kind;    /* table "alert_rule" */
extern const struct store_kind alert_kind;         /* table "alert" */
extern const struct store_kind alert_silence_kind; /* table "alert_silence" */
extern const struct http_route alert_routes[];     /* context: struct alerts * */
extern const size_t alert_n_routes;

struct alerts_deps {
	uv_loop_t *loop;
	const struct clock *clock;
	struct log *log;
	struct hub *hub;
	const struct registry *registry;
	struct store *store; /* never NULL; may be without a directory */
};

struct alerts;
/* Reads back what the history holds, then takes the rules of the configuration file (copied). */
int alerts_new(struct alerts **out, const struct alerts_deps *deps, const struct alert_rules *file_rules, struct err *err);
/* After a reload: rules that left the file go, changed ones begin anew, the same ones keep their alerts. */
int alerts_set_file_rules(struct alerts *s, const struct alert_rules *rules);
/* Stops the timer and leaves the hub; cb when the handle is closed and no ticket is out; then freed. */
void alerts_close(struct alerts *s, void (*cb)(void *arg), void *arg);
const struct alert_engine *alerts_engine(const struct alerts *s);

#endif
