/* The route table: literal paths by map, patterns after them (the most literal one wins). */
#include "http_impl.h"

#include <errno.h>
#include <stdlib.h>

static int method_index(enum http_method m)
{
	return __builtin_ctz((unsigned)m);
}

const struct http_row *http_place_row(const struct http_place *p, enum http_method m)
{
	if (m == 0)
		return NULL;
	const struct http_row *row = &p->rows[method_index(m)];
	if (!row->route && m == METHOD_HEAD)
		row = &p->rows[method_index(METHOD_GET)];
	return row->route ? row : NULL;
}

void http_place_allow(const struct http_place *p, struct buf *out)
{
	static const char *const names[HTTP_ROW_METHODS] = {
		"GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS"
	};
	static const enum http_method order[] = { METHOD_GET, METHOD_HEAD, METHOD_POST, METHOD_PUT,
						  METHOD_DELETE };

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		if (http_place_row(p, order[i])) {
			buf_puts(out, names[method_index(order[i])]);
			buf_puts(out, ", ");
		}
	}
	buf_puts(out, "OPTIONS");
}

static struct http_place *place_find(struct http_server *s, struct view path)
{
	for (size_t i = 0; i < s->n_places; i++) {
		if (view_eq(s->places[i]->path, path))
			return s->places[i];
	}
	return NULL;
}

/* Grows an array of pointers by one. */
static int list_push(void ***list, size_t *n, void *item)
{
	void **grown = realloc(*list, (*n + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	grown[(*n)++] = item;
	*list = grown;
	return 0;
}

static struct http_place *place_add(struct http_server *s, const char *path)
{
	struct http_place *p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->path = view_of(path);
	p->pattern = memchr(path, '{', p->path.len) || (p->path.len && path[p->path.len - 1] == '*');
	int code = list_push((void ***)&s->places, &s->n_places, p);
	if (code < 0) {
		free(p);
		return NULL;
	}
	code = p->pattern ? list_push((void ***)&s->patterns, &s->n_patterns, p)
			  : map_put(&s->literal, p->path, s->n_places - 1);
	return code < 0 ? NULL : p;
}

static int row_add(struct http_server *s, const struct http_route *route, void *ctx)
{
	struct http_place *p = place_find(s, view_of(route->path));
	if (!p)
		p = place_add(s, route->path);
	if (!p)
		return -ENOMEM;
	if (p->methods & route->methods)
		return ERR_DUPLICATE;
	p->methods |= route->methods;
	for (int i = 0; i < HTTP_ROW_METHODS; i++) {
		if (route->methods >> i & 1)
			p->rows[i] = (struct http_row){ route, ctx };
	}
	return list_push((void ***)&s->rows, &s->n_rows, (void *)route);
}

int http_server_add_routes(struct http_server *s, const struct http_route *rows, size_t n, void *ctx)
{
	int code = 0;
	for (size_t i = 0; i < n && code == 0; i++)
		code = row_add(s, &rows[i], ctx);
	return code;
}

size_t http_server_routes(const struct http_server *s, const struct http_route *const **rows)
{
	*rows = s->rows;
	return s->n_rows;
}

/* Up to the next slash. */
static struct view segment_cut(struct view *rest)
{
	const char *slash = rest->len ? memchr(rest->data, '/', rest->len) : NULL;
	struct view seg = { rest->data, slash ? (size_t)(slash - rest->data) : rest->len };
	size_t skip = seg.len + (slash != NULL);
	*rest = (struct view){ rest->data + skip, rest->len - skip };
	return seg;
}

static bool param_put(struct http_request *r, struct view name, struct view raw)
{
	struct view value = http_percent_decode(&r->arena, raw, false);
	if (!value.data || r->n_params == HTTP_PARAMS_MAX)
		return false;
	r->params[r->n_params++] = (struct http_param_value){ name, value };
	return true;
}

/* Matches segment by segment on the undecoded path, so that an encoded slash stays inside its parameter. The
 * number of literal segments + 1, or 0. */
static int pattern_match(struct http_request *r, struct view pattern, struct view path)
{
	int score = 1;

	r->n_params = 0;
	while (pattern.len && path.len) {
		if (pattern.len == 1 && pattern.data[0] == '*')
			return param_put(r, VIEW("*"), path) ? score : 0;
		bool more = memchr(pattern.data, '/', pattern.len),
		     path_more = memchr(path.data, '/', path.len);
		struct view want = segment_cut(&pattern), have = segment_cut(&path);
		if (more != path_more)
			return 0;
		if (want.len > 2 && want.data[0] == '{') {
			if (have.len == 0 ||
			    !param_put(r, (struct view){ want.data + 1, want.len - 2 }, have))
				return 0;
		} else if (view_eq(want, have)) {
			score++;
		} else {
			return 0;
		}
	}
	return path.len == 0 && (pattern.len == 0 || view_eq(pattern, VIEW("*"))) ? score : 0;
}

const struct http_place *http_router_find(const struct http_server *s, struct http_request *r)
{
	const struct http_place *best = NULL;
	int best_score = 0;
	uint64_t index;

	if (map_get(&s->literal, r->path, &index))
		return s->places[index];
	/* A path that was cleaned has no undecoded form any more. */
	struct view path = r->path.data == r->raw_path.data || memchr(r->raw_path.data, '%', r->raw_path.len)
				   ? r->raw_path
				   : r->path;
	for (size_t i = 0; i < s->n_patterns; i++) {
		int score = pattern_match(r, s->patterns[i]->path, path);
		if (score > best_score) {
			best_score = score;
			best = s->patterns[i];
		}
	}
	if (best)
		pattern_match(r, best->path, path);
	return best;
}

void http_router_fini(struct http_server *s)
{
	for (size_t i = 0; i < s->n_places; i++)
		free(s->places[i]);
	free(s->places);
	free(s->patterns);
	free(s->rows);
	map_fini(&s->literal);
}
