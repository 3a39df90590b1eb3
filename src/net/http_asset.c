/* Embedded files: revalidation by ETag, and the compressed form for whoever takes it. */
#include "http_impl.h"

/* Does a comma list of ETags name this one? Weak comparison (RFC 9110, 13.1.2). */
static bool etag_listed(struct view list, struct view etag)
{
	while (list.len) {
		const char *comma = memchr(list.data, ',', list.len);
		struct view one = { list.data, comma ? (size_t)(comma - list.data) : list.len };
		size_t used = one.len + (comma != NULL);
		list = (struct view){ list.data + used, list.len - used };
		one = view_trim(one);
		if (one.len > 2 && memcmp(one.data, "W/", 2) == 0)
			one = (struct view){ one.data + 2, one.len - 2 };
		if (view_eq(one, etag) || view_eq(one, VIEW("*")))
			return true;
	}
	return false;
}

/* "q=0", "q=0.000": the coding is refused. */
static bool quality_zero(struct view params)
{
	params = view_trim(params);
	if (params.len < 3 || (params.data[0] | 0x20) != 'q' || params.data[1] != '=')
		return false;
	for (size_t i = 2; i < params.len; i++) {
		if (params.data[i] != '0' && params.data[i] != '.')
			return false;
	}
	return true;
}

static bool gzip_accepted(struct view list)
{
	while (list.len) {
		const char *comma = memchr(list.data, ',', list.len);
		struct view one = { list.data, comma ? (size_t)(comma - list.data) : list.len };
		size_t used = one.len + (comma != NULL);
		list = (struct view){ list.data + used, list.len - used };
		const char *semi = one.len ? memchr(one.data, ';', one.len) : NULL;
		struct view name =
			view_trim((struct view){ one.data, semi ? (size_t)(semi - one.data) : one.len });
		if (!view_ieq(name, VIEW("gzip")))
			continue;
		return !semi ||
		       !quality_zero((struct view){ semi + 1, (size_t)(one.data + one.len - semi) - 1 });
	}
	return false;
}

void http_send_asset(struct http_request *r, const char *type, const char *etag, struct view identity,
		     struct view gzip)
{
	bool compressed = gzip.len && gzip_accepted(http_header(r, "Accept-Encoding"));

	http_set_type(r, type);
	if (gzip.len)
		http_set_header(r, "Vary", "Accept-Encoding");
	http_set_header(r, "ETag", etag);
	http_set_header(r, "Cache-Control",
			"no-cache"); /* keep, but ask: the ETag answers in one round trip */
	if (etag_listed(http_header(r, "If-None-Match"), view_of(etag))) {
		http_send_static(r, 304, VIEW(""));
		return;
	}
	if (compressed)
		http_set_header(r, "Content-Encoding", "gzip");
	http_send_static(r, 200, compressed ? gzip : identity);
}
