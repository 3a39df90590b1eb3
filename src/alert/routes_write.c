/* What people do, answered after the commit. */
#include "alerts_impl.h"

#include "base/num.h"

#include <errno.h>
#include <stdlib.h>

/* --- the answer waits for the store -------------------------------------------------------------------------------- */

struct waiting {
	struct http_request *r; /* NULL when the peer has gone */
	struct store_ticket ticket;
};

static void peer_gone(struct http_request *r, void *state)
{
	struct waiting *waiting = state;
	(void)r;
	waiting->r = NULL;
}

static void committed(struct store_ticket *ticket, int status)
{
	struct waiting *waiting = ticket->arg;
	if (waiting->r) {
		http_defer(waiting->r, NULL, NULL);
		if (status == 0)
			http_send(waiting->r, 200);
		else
			http_error(waiting->r, 503,
				   "in force, but not in the history yet, which refuses: %s; it is tried "
				   "again every second",
				   err_text(status));
	}
	free(waiting);
}

/* The answer has been written into the request's buffer. */
static void answer_after_commit(struct alerts *s, struct http_request *r)
{
	struct waiting *waiting = calloc(1, sizeof(*waiting));
	if (!waiting) {
		http_error(r, 503, "in force, but out of memory for telling when it is stored");
		return;
	}
	waiting->r = r;
	waiting->ticket.done = committed;
	waiting->ticket.arg = waiting;
	http_defer(r, peer_gone, waiting);
	store_commit(s->deps.store, &waiting->ticket);
}

/* --- reading ------------------------------------------------------------------------------------------------------- */

/* The body as a tree; NULL after an error answer. */
static struct yaml_node *read_body(struct http_request *r)
{
	struct yaml_node *root = NULL;
	struct err err = { 0 };
	if (alert_tree_from_json(http_body(r), http_arena(r), &root, &err) == 0)
		return root;
	http_error(r, err.code == -ENOMEM ? 503 : 400, "%s", err.text);
	return NULL;
}

static bool refuse(struct http_request *r, int rc, const struct err *err)
{
	if (rc < 0)
		http_error(r, rc == -ENOMEM ? 503 : 400, "%s", err->text);
	return rc < 0;
}

/* The number in the path or the query; false after an error answer. */
static bool read_id(struct http_request *r, int64_t *id)
{
	struct view text = http_path_param(r, "id");
	if (!text.data)
		text = http_query(r, "id");
	if (text.data && num_parse_i64(text, id) == 0 && *id > 0)
		return true;
	http_error(r, 400, "id: write the number of the alert or silence");
	return false;
}

/* --- rules --------------------------------------------------------------------------------------------------------- */

static bool is_of_file(struct alerts *s, struct http_request *r, struct view name, bool replaces)
{
	const struct alert_rule *old = alert_engine_rule(s->engine, name);
	if (!old || !old->from_file || (replaces && old->built_in))
		return false;
	http_error(r, 409,
		   old->built_in
			   ? "the rule \"%.*s\" is built in: name it in system.skip_alerts and reload, or "
			     "make another of that name"
			   : "the rule \"%.*s\" is written in the configuration file: change it there "
			     "and reload",
		   (int)name.len, name.data);
	return true;
}

void post_rule(struct http_request *r, void *ctx)
{
	struct alerts *s = ctx;
	struct alert_rule rule;
	struct err err = { 0 };
	struct alert_now now = alerts_now(s);
	struct yaml_node *body = read_body(r);
	if (!body || refuse(r, alert_rule_read(NULL, body, http_arena(r), &rule, &err), &err) ||
	    is_of_file(s, r, rule.name, true))
		return;
	int rc = alert_engine_set_rule(s->engine, &rule, &now);
	if (rc < 0) {
		http_error(r, rc == ERR_FULL ? 409 : 503, "%s",
			   rc == ERR_FULL ? "there are as many rules as there may be: remove one first"
					  : err_text(rc));
		return;
	}
	keep_rule(s, &rule);
	struct jw *w = http_json(r);
	jw_obj(w, NULL);
	write_rule(w, "rule", s, alert_engine_rule(s->engine, rule.name));
	jw_end(w);
	answer_after_commit(s, r);
}

void delete_rule(struct http_request *r, void *ctx)
{
	struct alerts *s = ctx;
	struct alert_now now = alerts_now(s);
	struct view name = http_path_param(r, "name");
	if (!name.data)
		name = http_query(r, "name");
	if (!name.len) {
		http_error(r, 400, "name: say which rule, such as /api/alerts/rules?name=disk+full");
		return;
	}
	if (is_of_file(s, r, name, false))
		return;
	if (alert_engine_drop_rule(s->engine, name, "its rule was removed", &now) < 0) {
		http_error(r, 404, "name: there is no rule \"%.*s\"", name.len > 100 ? 100 : (int)name.len,
			   name.data);
		return;
	}
	keep_no_rule(s, name);
	struct jw *w = http_json(r);
	jw_obj(w, NULL);
	jw_str(w, "deleted", name);
	jw_end(w);
	answer_after_commit(s, r);
}

/* --- acknowledging and silencing ----------------------------------------------------------------------------------- */

static void answer_alert(struct alerts *s, struct http_request *r, int64_t id, int64_t silence)
{
	const struct alert *a = alert_engine_find(s->engine, id);
	struct jw *w = http_json(r);
	jw_obj(w, NULL);
	if (a)
		write_alert(w, "alert", s, a);
	if (silence)
		jw_i64(w, "silence", silence);
	jw_end(w);
	answer_after_commit(s, r);
}

static bool refuse_alert(struct http_request *r, int64_t id, int rc, const char *what)
{
	if (rc == ERR_UNKNOWN)
		http_error(r, 404, "id: there is no alert %lld; GET /api/alerts lists them", (long long)id);
	else if (rc == ERR_CLOSED)
		http_error(r, 409, "alert %lld is not firing: only a firing alert is %s", (long long)id,
			   what);
	else if (rc == ERR_FULL)
		http_error(r, 409, "there are as many silences as there may be: end one first");
	else if (rc < 0)
		http_error(r, 503, "%s", err_text(rc));
	return rc < 0;
}

void post_ack(struct http_request *r, void *ctx)
{
	struct alerts *s = ctx;
	struct alert_word word;
	struct err err = { 0 };
	int64_t id;
	struct alert_now now = alerts_now(s);
	struct yaml_node *body = read_id(r, &id) ? read_body(r) : NULL;
	if (!body ||
	    refuse(r, alert_word_read(body, clock_wall_ns(s->deps.clock), NULL, http_arena(r), &word, &err),
		   &err) ||
	    refuse_alert(r, id, alert_engine_ack(s->engine, id, &word, &now), "acknowledged"))
		return;
	answer_alert(s, r, id, 0);
}

/* Makes the silence and keeps it; its id, or a code. */
static int64_t make_silence(struct alerts *s, struct alert_silence *silence)
{
	struct alert_now now = alerts_now(s);
	int rc = alert_engine_silence(s->engine, silence, &silence->id, &now);
	if (rc < 0)
		return rc;
	keep_silence(s, silence);
	return silence->id;
}

void post_silence(struct http_request *r, void *ctx)
{
	struct alerts *s = ctx;
	struct alert_word word;
	struct err err = { 0 };
	int64_t id;
	struct yaml_node *body = read_id(r, &id) ? read_body(r) : NULL;
	if (!body ||
	    refuse(r, alert_word_read(body, clock_wall_ns(s->deps.clock), NULL, http_arena(r), &word, &err),
		   &err))
		return;
	if (!word.until) {
		http_error(r, 400, "until: missing; write RFC 3339, Unix seconds or a duration such as 2h");
		return;
	}
	const struct alert *a = alert_engine_find(s->engine, id);
	if (refuse_alert(r, id, a ? 0 : ERR_UNKNOWN, "") ||
	    refuse_alert(r, id, a->state == ALERT_RESOLVED ? ERR_CLOSED : 0, "silenced"))
		return;
	struct alert_silence silence = { .name = a->name,
					 .series = a->series,
					 .from = alerts_now(s).wall,
					 .until = word.until,
					 .who = word.who,
					 .why = word.why };
	int64_t made = make_silence(s, &silence);
	if (!refuse_alert(r, id, made < 0 ? (int)made : 0, "silenced"))
		answer_alert(s, r, id, made);
}

void post_silences(struct http_request *r, void *ctx)
{
	struct alerts *s = ctx;
	struct alert_silence silence;
	struct err err = { 0 };
	struct yaml_node *body = read_body(r);
	if (!body ||
	    refuse(r, alert_silence_read(body, clock_wall_ns(s->deps.clock), http_arena(r), &silence, &err),
		   &err))
		return;
	int64_t made = make_silence(s, &silence);
	if (refuse_alert(r, 0, made < 0 ? (int)made : 0, "silenced"))
		return;
	struct jw *w = http_json(r);
	jw_obj(w, NULL);
	write_silence(w, "silence", &silence, alerts_now(s).wall);
	jw_end(w);
	answer_after_commit(s, r);
}

void delete_silence(struct http_request *r, void *ctx)
{
	struct alerts *s = ctx;
	struct alert_now now = alerts_now(s);
	int64_t id;
	if (!read_id(r, &id))
		return;
	if (alert_engine_unsilence(s->engine, id, &now) < 0) {
		http_error(r, 404, "id: there is no silence %lld; GET /api/alerts/silences lists them",
			   (long long)id);
		return;
	}
	keep_no_silence(s, id);
	struct jw *w = http_json(r);
	jw_obj(w, NULL);
	jw_i64(w, "deleted", id);
	jw_end(w);
	answer_after_commit(s, r);
}
