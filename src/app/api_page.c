/* The dashboard: one page per personality, its modules and styles under /assets/. */
#include "app/parts.h"

#include "web/assets.h"

static void send_asset(struct http_request *r, struct view path)
{
	const struct web_asset *a = web_asset_find(path);
	if (!a) {
		http_error(r, 404, "no such file");
		return;
	}
	http_set_header(r, "Content-Security-Policy",
			"default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
			"frame-ancestors 'none'; base-uri 'none'");
	http_set_header(r, "Referrer-Policy", "no-referrer");
	http_send_asset(r, a->type, a->etag, a->identity, a->gzip);
}

static void get_page(struct http_request *r, void *ctx)
{
	struct daemon *d = ctx;
	send_asset(r, view_of(d->plan->page));
}

static void get_asset(struct http_request *r, void *ctx)
{
	(void)ctx;
	send_asset(r, http_path(r));
}

static const struct http_param asset_params[] = {
	{ "path", "path", "string", "The file, as the page names it." },
};
const struct http_route api_page_routes[] = {
	{ METHOD_GET | METHOD_POST | METHOD_PUT | METHOD_DELETE, "/", FAMILY_RETRY, ACCESS_OPEN, LIMIT_NONE,
	  get_page, .summary = "The dashboard", .content_type = "text/html" },
	{ METHOD_GET, "/assets/*", FAMILY_OWN, ACCESS_OPEN, LIMIT_NONE, get_asset, .params = asset_params,
	  .n_params = 1, .summary = "Files of the dashboard", .content_type = "text/javascript" },
};
const size_t api_page_n = sizeof(api_page_routes) / sizeof(api_page_routes[0]);
