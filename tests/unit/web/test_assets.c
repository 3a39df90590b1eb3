#include "support.h"

#include "web/assets.h"

#include <stdint.h>
#include <stdio.h>

#define MAX_PACKED (100u * 1024u) /* what the page may weigh on the wire */

static bool contains(struct view text, const char *what)
{
	return text.data && memmem(text.data, text.len, what, strlen(what)) != NULL;
}

static const struct web_asset *need(const char *path)
{
	const struct web_asset *a = web_asset_find(view_of(path));
	assert_non_null(a);
	return a;
}

static void test_pages_have_their_titles(void **state)
{
	assert_true(contains(need("/index.html")->identity, "<title>Auspex</title>"));
	assert_true(contains(need("/retry.html")->identity, "<title>Retry Daemon Dashboard</title>"));
}

static void test_pages_differ_in_sections(void **state)
{
	assert_true(contains(need("/index.html")->identity, "data-sections=\"*\""));
	assert_true(contains(need("/retry.html")->identity, "data-sections=\"retry\""));
}

static void test_no_placeholder_is_left(void **state)
{
	for (size_t i = 0; i < web_n_assets; i++) {
		if (strstr(web_assets[i].path, ".html"))
			assert_false(contains(web_assets[i].identity, "@"));
	}
}

/* "src=" and "href=" of a page must lead to files that are embedded, or to routes of ours. */
static void test_pages_refer_to_embedded_files(void **state)
{
	struct view page = need("/retry.html")->identity;
	size_t n = 0;
	for (size_t i = 0; i + 9 < page.len; i++) {
		char path[128];
		size_t len = 0;
		if (memcmp(page.data + i, "\"/assets/", 9) != 0)
			continue;
		while (page.data[i + 1 + len] != '"' && len < sizeof(path) - 1) {
			path[len] = page.data[i + 1 + len];
			len++;
		}
		path[len] = '\0';
		need(path);
		n++;
	}
	assert_true(n >= 3);
	assert_false(contains(page, "http://") || contains(page, "https://") || contains(page, "=\"//"));
}

static void test_unknown_paths_are_not_found(void **state)
{
	static const char *const paths[] = { "",
					     "/",
					     "/assets/",
					     "/assets/none.js",
					     "/assets/app.js ",
					     "assets/app.js",
					     "/assets/../index.html" };
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		assert_null(web_asset_find(view_of(paths[i])));
	assert_null(web_asset_find((struct view){ NULL, 0 }));
}

static void test_a_path_is_a_view_not_a_string(void **state)
{
	assert_non_null(web_asset_find((struct view){ "/assets/app.js?x", 14 }));
}

static void test_types_and_etags(void **state)
{
	assert_string_equal(need("/assets/app.js")->type, "text/javascript; charset=utf-8");
	assert_string_equal(need("/assets/style.css")->type, "text/css; charset=utf-8");
	assert_string_equal(need("/index.html")->type, "text/html; charset=utf-8");
	assert_string_equal(need("/assets/favicon.svg")->type, "image/svg+xml");
	for (size_t i = 0; i < web_n_assets; i++) {
		assert_int_equal(strlen(web_assets[i].etag), 18);
		assert_int_equal(web_assets[i].etag[0], '"');
		assert_int_equal(web_assets[i].etag[17], '"');
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(web_assets[i].etag, web_assets[j].etag);
	}
}

static uint32_t le32(const char *p)
{
	const unsigned char *b = (const unsigned char *)p;
	return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

/* RFC 1952: magic and method in front, the plain length (ISIZE) at the end; no time stamp, or builds would
 * differ. */
static void test_gzip_form_belongs_to_the_plain_one(void **state)
{
	size_t total = 0;
	for (size_t i = 0; i < web_n_assets; i++) {
		struct view z = web_assets[i].gzip;
		total += z.len ? z.len : web_assets[i].identity.len;
		if (!z.len)
			continue;
		assert_true(z.len > 18 && z.len < web_assets[i].identity.len);
		assert_memory_equal(z.data, "\x1f\x8b\x08", 3);
		assert_int_equal(le32(z.data + 4), 0);
		assert_int_equal(le32(z.data + z.len - 4), web_assets[i].identity.len);
	}
	assert_true(total <= MAX_PACKED);
}

static void test_the_chart_library_keeps_its_licence(void **state)
{
	struct view js = need("/assets/app.js")->identity;
	assert_true(contains((struct view){ js.data + js.len - 200, 200 }, "@license"));
	assert_true(contains((struct view){ js.data + js.len - 200, 200 }, "dygraphs"));
	assert_false(contains(js, "sourceMappingURL"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pages_have_their_titles),
		cmocka_unit_test(test_pages_differ_in_sections),
		cmocka_unit_test(test_no_placeholder_is_left),
		cmocka_unit_test(test_pages_refer_to_embedded_files),
		cmocka_unit_test(test_unknown_paths_are_not_found),
		cmocka_unit_test(test_a_path_is_a_view_not_a_string),
		cmocka_unit_test(test_types_and_etags),
		cmocka_unit_test(test_gzip_form_belongs_to_the_plain_one),
		cmocka_unit_test(test_the_chart_library_keeps_its_licence),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
