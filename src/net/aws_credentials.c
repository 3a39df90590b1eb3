#include "aws_impl.h"

#include <errno.h>
#include <stdlib.h>

#define REFRESH_NS (600 * NS_PER_S) /* fetched anew that long before they expire */

/* --- what is kept ------------------------------------------------------------------------------------------------------------ */

bool aws_held_set(struct aws_held *out, struct view id, struct view secret, struct view token)
{
	*out = (struct aws_held){ .id = strndup(id.data, id.len),
				  .secret = strndup(secret.data, secret.len),
				  .token = token.len ? strndup(token.data, token.len) : NULL };
	if (out->id && out->secret && (out->token || !token.len))
		return true;
	aws_held_clear(out);
	return false;
}

static void wipe(char *s)
{
	if (s)
		explicit_bzero(s, strlen(s));
	free(s);
}

void aws_held_clear(struct aws_held *h)
{
	wipe(h->id);
	wipe(h->secret);
	wipe(h->token);
	*h = (struct aws_held){ 0 };
}

static bool good_for(const struct aws_provider *p, int64_t ns)
{
	return p->held.id && !p->refused &&
	       (p->held.expires == 0 || clock_wall_ns(p->clock) + ns < p->held.expires);
}

/* --- those who wait ------------------------------------------------------------------------------------------------------------ */

static void tell_all(struct aws_provider *p)
{
	struct aws_waiter *w = p->waiters;
	struct err outcome = p->outcome;
	struct aws_credentials c = { .key = { p->held.id, p->held.secret, p->held.token },
				     .expires = p->held.expires,
				     .source = p->held.source };
	p->waiters = NULL; /* who asks again from its callback waits for the next round */
	p->waiters_end = &p->waiters;
	while (w) {
		struct aws_waiter *next = w->next;
		w->done(w->arg, outcome.code < 0 ? NULL : &c, outcome.code < 0 ? &outcome : NULL);
		free(w);
		w = next;
	}
}

static void on_tell(uv_timer_t *timer)
{
	tell_all(timer->data);
}

static void end_search(struct aws_provider *p, const struct err *err)
{
	p->fetching = false;
	p->outcome = err ? *err : (struct err){ 0 };
	uv_timer_start(&p->tell, on_tell, 0, 0);
}

void aws_provider_found(struct aws_provider *p, struct aws_held *h, const char *source)
{
	aws_held_clear(&p->held);
	p->held = *h;
	p->held.source = source;
	p->refused = false;
	*h = (struct aws_held){ 0 };
	end_search(p, NULL);
}

void aws_provider_failed(struct aws_provider *p, const struct err *err)
{
	end_search(p, good_for(p, 0) ? NULL : err);
}

/* --- the search ------------------------------------------------------------------------------------------------------------------ */

/* The sources that answer at once. 1: found, 0: go on outside, negative: the search ends. *command is a view of a file
 * of `s`. */
static int search_files(struct aws_shared *s, struct aws_held *held, const char **source,
			struct view *command, struct err *err)
{
	int rc = aws_shared_check(s, err);
	*source = "shared-credentials-file";
	if (rc == 0)
		rc = aws_shared_keys(s, AWS_FILE_CREDENTIALS, held, err);
	if (rc != 0)
		return rc;
	*command = aws_shared_get(s, "credential_process");
	if (command->len)
		return 0;
	*source = "config-file";
	return aws_shared_keys(s, AWS_FILE_CONFIG, held, err);
}

static void search(struct aws_provider *p)
{
	struct aws_held held = { 0 };
	struct err err = { 0 };
	const char *source = "env";
	p->fetching = true;
	int rc = aws_shared_environment(&p->options, &held, &err);
	if (rc == 0) {
		struct aws_shared shared;
		struct view command = { NULL, 0 };
		aws_shared_load(&shared, &p->options);
		rc = search_files(&shared, &held, &source, &command, &err);
		if (rc == 0 && command.len)
			rc = aws_process_start(p, command, &err);
		else if (rc == 0)
			aws_metadata_start(p);
		aws_shared_fini(&shared);
	}
	if (rc > 0)
		aws_provider_found(p, &held, source);
	else if (rc < 0)
		aws_provider_failed(p, &err);
}

/* --- the interface ------------------------------------------------------------------------------------------------------------------ */

int aws_provider_new(struct aws_provider **out, uv_loop_t *loop, struct http_client *http,
		     const struct aws_provider_options *options, const struct clock *clock)
{
	struct aws_provider *p = calloc(1, sizeof(*p));
	*out = p;
	if (!p)
		return -ENOMEM;
	p->profile = strdup(options->profile ? options->profile : "");
	if (!p->profile) {
		free(p);
		*out = NULL;
		return -ENOMEM;
	}
	p->loop = loop;
	p->http = http;
	p->clock = clock;
	p->options = (struct aws_provider_options){ options->env, p->profile };
	p->waiters_end = &p->waiters;
	buf_init(&p->role);
	buf_init(&p->token);
	uv_timer_init(loop, &p->tell);
	p->tell.data = p;
	return 0;
}

int aws_provider_get(struct aws_provider *p,
		     void (*done)(void *arg, const struct aws_credentials *c, const struct err *err),
		     void *arg)
{
	if (p->closing)
		return ERR_CLOSED;
	struct aws_waiter *w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	*w = (struct aws_waiter){ NULL, done, arg };
	*p->waiters_end = w;
	p->waiters_end = &w->next;
	if (p->fetching || uv_is_active((uv_handle_t *)&p->tell))
		return 0;
	if (good_for(p, REFRESH_NS))
		end_search(p, NULL);
	else
		search(p);
	return 0;
}

/* They stay where they are: whoever was told of them may still be looking. */
void aws_provider_forget(struct aws_provider *p)
{
	p->refused = true;
}

/* --- the end --------------------------------------------------------------------------------------------------------------------------- */

static void on_closed(uv_handle_t *handle)
{
	struct aws_provider *p = handle->data;
	void (*cb)(void *arg) = p->close_cb;
	void *arg = p->close_arg;
	err_set(&p->outcome, ERR_CANCELLED, NULL, "%s", err_text(ERR_CANCELLED));
	tell_all(p);
	aws_held_clear(&p->held);
	buf_fini(&p->role);
	if (p->token.data)
		explicit_bzero(p->token.data, p->token.cap);
	buf_fini(&p->token);
	free(p->profile);
	free(p);
	if (cb)
		cb(arg);
}

bool aws_provider_gone(struct aws_provider *p)
{
	if (p->closing)
		uv_close((uv_handle_t *)&p->tell, on_closed);
	return p->closing;
}

void aws_provider_close(struct aws_provider *p, void (*cb)(void *arg), void *arg)
{
	if (p->closing)
		return;
	p->closing = true;
	p->close_cb = cb;
	p->close_arg = arg;
	uv_timer_stop(&p->tell);
	if (p->child)
		child_cancel(p->child);
	else if (p->outside)
		http_client_cancel(p->http, p->call);
	if (!p->outside)
		aws_provider_gone(p);
}
