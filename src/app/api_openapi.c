/* GET /openapi.json: the route table, told in OpenAPI 3.1. */
#include "app/parts.h"

#include <stdio.h>
#include <string.h>

static const struct {
	unsigned bit;
	const char *name;
} methods[] = {
	{ METHOD_GET, "get" }, { METHOD_POST, "post" }, { METHOD_PUT, "put" }, { METHOD_DELETE, "delete" }
};

static const char *const family_names[] = { "retry", "change", "probe", "fleet", "own" };

static void write_schema(struct jw *w, const char *type, const char *schema)
{
	jw_obj(w, "content");
	jw_obj(w, type);
	if (schema)
		jw_raw(w, "schema", view_of(schema));
	jw_end(w);
	jw_end(w);
}

static void write_response(struct jw *w, const char *status, const char *text)
{
	jw_obj(w, status);
	jw_cstr(w, "description", text);
	jw_end(w);
}

static void write_parameters(struct jw *w, const struct http_route *row)
{
	jw_arr(w, "parameters");
	for (size_t i = 0; i < row->n_params; i++) {
		const struct http_param *p = &row->params[i];
		jw_obj(w, NULL);
		jw_cstr(w, "name", p->name);
		jw_cstr(w, "in", p->in);
		jw_bool(w, "required", strcmp(p->in, "path") == 0);
		jw_cstr(w, "description", p->help);
		jw_obj(w, "schema");
		jw_cstr(w, "type", p->type);
		if (strcmp(p->type, "array") == 0) { /* may be given several times */
			jw_obj(w, "items");
			jw_cstr(w, "type", "string");
			jw_end(w);
		}
		jw_end(w);
		jw_end(w);
	}
	jw_end(w);
}

static void write_operation(struct jw *w, const char *method, const struct http_route *row)
{
	jw_obj(w, method);
	jw_cstr(w, "summary", row->summary ? row->summary : row->path);
	jw_arr(w, "tags");
	jw_cstr(w, NULL, family_names[row->family]);
	jw_end(w);
	if (row->n_params)
		write_parameters(w, row);
	if (row->request) {
		jw_obj(w, "requestBody");
		write_schema(w, "application/json", row->request);
		jw_end(w);
	}
	jw_obj(w, "responses");
	jw_obj(w, "200");
	jw_cstr(w, "description", "Success");
	write_schema(w, row->content_type ? row->content_type : "application/json", row->response);
	jw_end(w);
	if (row->access != ACCESS_OPEN)
		write_response(w, "401", "A valid API key is needed");
	if (row->limit)
		write_response(w, "429", "Too many requests; see Retry-After");
	jw_end(w);
	if (row->access == ACCESS_KEY || row->access == ACCESS_WRITE) {
		jw_arr(w, "security");
		jw_obj(w, NULL);
		jw_arr(w, "apiKey");
		jw_end(w);
		jw_end(w);
		jw_end(w);
	}
	jw_end(w);
}

/* Rows may share a path: all methods of a path stand under its first row. */
static void write_path(struct jw *w, const struct http_route *const *rows, size_t n, size_t first)
{
	for (size_t i = 0; i < first; i++)
		if (strcmp(rows[i]->path, rows[first]->path) == 0)
			return;
	/* A row that serves everything below a place ("/assets/" and a star) is a template there. */
	const char *path = rows[first]->path;
	size_t len = strlen(path);
	bool below = len && path[len - 1] == '*';
	struct buf template;
	buf_init(&template);
	buf_printf(&template, "%.*s%s", (int)(len - below), path, below ? "{path}" : "");
	jw_obj(w, buf_str(&template));
	buf_fini(&template);
	for (size_t i = first; i < n; i++)
		for (size_t m = 0; m < sizeof(methods) / sizeof(methods[0]); m++)
			if (strcmp(rows[i]->path, rows[first]->path) == 0 &&
			    (rows[i]->methods & methods[m].bit))
				write_operation(w, methods[m].name, rows[i]);
	jw_end(w);
}

static void get_openapi(struct http_request *r, void *ctx)
{
	struct daemon *d = ctx;
	const struct http_route *const *rows;
	size_t n = http_server_routes(d->http, &rows);
	struct jw *w = http_json(r);
	jw_obj(w, NULL);
	jw_cstr(w, "openapi", "3.1.0");
	jw_obj(w, "info");
	jw_cstr(w, "title", "Auspex");
	jw_cstr(w, "version", AUSPEX_VERSION);
	jw_cstr(w, "description", "What changed, why, and what comes next.");
	jw_obj(w, "license");
	jw_cstr(w, "name", "Apache-2.0");
	jw_end(w);
	jw_end(w);
	jw_obj(w, "components");
	jw_obj(w, "securitySchemes");
	jw_obj(w, "apiKey");
	jw_cstr(w, "type", "apiKey");
	jw_cstr(w, "in", "header");
	jw_cstr(w, "name", "X-API-Key");
	jw_end(w);
	jw_end(w);
	jw_end(w);
	jw_obj(w, "paths");
	for (size_t i = 0; i < n; i++)
		write_path(w, rows, n, i);
	jw_end(w);
	jw_end(w);
	http_send(r, 200);
}

const struct http_route api_openapi_routes[] = {
	{ METHOD_GET, "/openapi.json", FAMILY_OWN, ACCESS_OPEN, LIMIT_NONE, get_openapi,
	  .summary = "This description" },
};
const size_t api_openapi_n = sizeof(api_openapi_routes) / sizeof(api_openapi_routes[0]);
