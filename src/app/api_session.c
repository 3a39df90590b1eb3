/* The page signs in with a key and gets a cookie, because EventSource sends no headers. */
#include "app/parts.h"

#include "base/json.h"

#include <stdio.h>

static void get_session(struct http_request *r, void *ctx)
{
	struct daemon *d = ctx;
	struct jw *w = http_json(r);
	bool needed = access_has_keys(d->access);
	jw_obj(w, NULL);
	jw_bool(w, "key_needed", needed);
	jw_bool(w, "reads_guarded", needed && d->plan->settings.core.guard_reads);
	jw_bool(w, "signed_in", http_peer(r)->has_key);
	jw_end(w);
	http_set_header(r, "Cache-Control", "no-store");
	http_send(r, 200);
}

static void post_session(struct http_request *r, void *ctx)
{
	struct daemon *d = ctx;
	struct view body = http_body(r);
	struct json_doc doc;
	char token[65], cookie[200];
	json_doc_init(&doc);
	struct view key = { NULL, 0 };
	if (json_parse_all(&doc, body.data, body.len, 0, NULL) == 0)
		key = json_string(&doc, json_get(&doc, 0, VIEW("key")), http_arena(r));
	int rc = key.data ? access_sign_in(d->access, key, token) : ERR_TYPE;
	json_doc_fini(&doc);
	if (rc == ERR_TYPE) {
		http_error(r, 400, "send {\"key\":\"…\"}");
	} else if (rc < 0) {
		http_error(r, 401, "this key is not valid");
	} else {
		snprintf(cookie, sizeof(cookie), ACCESS_COOKIE "=%s; Path=/; HttpOnly; SameSite=Strict",
			 token);
		http_set_header(r, "Set-Cookie", cookie);
		struct jw *w = http_json(r);
		jw_obj(w, NULL);
		jw_bool(w, "signed_in", true);
		jw_end(w);
		http_send(r, 200);
	}
}

static void delete_session(struct http_request *r, void *ctx)
{
	struct daemon *d = ctx;
	struct view token = http_session(r);
	if (token.data)
		access_sign_out(d->access, token);
	http_set_header(r, "Set-Cookie", ACCESS_COOKIE "=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
	struct jw *w = http_json(r);
	jw_obj(w, NULL);
	jw_bool(w, "signed_in", false);
	jw_end(w);
	http_send(r, 200);
}

const struct http_route api_session_routes[] = {
	{ METHOD_GET, "/api/session", FAMILY_OWN, ACCESS_OPEN, LIMIT_NONE, get_session,
	  .summary = "Is a key needed, and is this browser signed in?",
	  .response = "{\"type\":\"object\",\"required\":[\"key_needed\",\"signed_in\"]}" },
	{ METHOD_POST, "/api/session", FAMILY_OWN, ACCESS_OPEN, LIMIT_10, post_session, .max_body = 4096,
	  .summary = "Signs a browser in with a key; answers with an HttpOnly cookie",
	  .request = "{\"type\":\"object\",\"required\":[\"key\"],\"properties\":{\"key\":{\"type\":"
		     "\"string\"}}}",
	  .response = "{\"type\":\"object\",\"required\":[\"signed_in\"]}" },
	{ METHOD_DELETE, "/api/session", FAMILY_OWN, ACCESS_OPEN, LIMIT_NONE, delete_session,
	  .summary = "Signs the browser out",
	  .response = "{\"type\":\"object\",\"required\":[\"signed_in\"]}" },
};
const size_t api_session_n = sizeof(api_session_routes) / sizeof(api_session_routes[0]);
