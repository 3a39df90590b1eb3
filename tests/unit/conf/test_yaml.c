#include "support.h"

#include "conf/yaml.h"

struct parse {
	struct arena arena;
	struct err err;
	struct yaml_node *root;
};

static int setup(void **state)
{
	struct parse *p = test_calloc(1, sizeof(*p));
	arena_init(&p->arena, 0);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct parse *p = *state;
	arena_fini(&p->arena);
	test_free(p);
	return 0;
}

static int parse_view(struct parse *p, struct view text)
{
	memset(&p->err, 0, sizeof(p->err));
	p->root = NULL;
	/* A copy of exact size: the sanitizer sees a byte read too far, and the tree must not need the input.
	 */
	char *copy = test_malloc(text.len ? text.len : 1);
	memcpy(copy, text.data, text.len);
	int rc = yaml_parse((struct view){ copy, text.len }, "a.yml", &p->arena, &p->root, &p->err);
	memset(copy, '#', text.len);
	test_free(copy);
	return rc;
}

static void accepts(struct parse *p, const char *text)
{
	int rc = parse_view(p, view_of(text));
	if (rc < 0)
		print_error("%s: %s\n", p->err.place, p->err.text);
	assert_int_equal(rc, 0);
	assert_non_null(p->root);
}

static void refuses(struct parse *p, const char *text, int code, const char *place, const char *sentence)
{
	assert_int_equal(parse_view(p, view_of(text)), code);
	assert_int_equal(p->err.code, code);
	assert_string_equal(p->err.place, place);
	assert_string_equal(p->err.text, sentence);
}

static void assert_text(const struct yaml_node *node, const char *text)
{
	assert_non_null(node);
	assert_int_equal(node->type, YAML_SCALAR);
	assert_string_equal(node->text.data, text);
	assert_int_equal(node->text.len, strlen(text));
}

static void test_tree(void **state)
{
	struct parse *p = *state;
	accepts(p, "retry:\n  max_runs: 5\n  names: [a, \"b\"]\nother:\n  - x: 1\n");
	struct yaml_node *retry = yaml_get(p->root, "retry");
	assert_int_equal(p->root->n, 2);
	assert_int_equal(retry->type, YAML_MAP);
	assert_text(yaml_get(retry, "max_runs"), "5");
	struct yaml_node *names = yaml_get(retry, "names");
	assert_int_equal(names->n, 2);
	assert_text(names->child->next, "b");
	assert_null(names->child->next->next);
	assert_text(yaml_get(yaml_get(p->root, "other")->child, "x"), "1");
	assert_null(yaml_get(p->root, "no"));
	assert_null(yaml_get(names, "a"));
	assert_null(yaml_get(NULL, "a"));
}

static void test_places(void **state)
{
	struct parse *p = *state;
	char place[64];
	accepts(p, "retry:\n  max_runs:   5\n");
	struct yaml_node *runs = yaml_get(yaml_get(p->root, "retry"), "max_runs");
	assert_int_equal(runs->key_line, 2);
	assert_int_equal(runs->key_column, 3);
	yaml_place("a.yml", runs, place, sizeof(place));
	assert_string_equal(place, "a.yml:2:15");
}

static void test_source_text_is_kept(void **state)
{
	struct parse *p = *state;
	accepts(p, "[4.20, 0600, 1_000, yes, \"4.20\", 'it''s', 2024-01-01]");
	struct yaml_node *n = p->root->child;
	assert_text(n, "4.20");
	assert_true(n->plain);
	assert_text(n->next, "0600");
	assert_text(n->next->next, "1_000");
	assert_text(n->next->next->next, "yes");
	assert_false(n->next->next->next->next->plain);
	assert_text(n->next->next->next->next->next, "it's");
}

static void test_null_words(void **state)
{
	struct parse *p = *state;
	accepts(p, "[~, null, Null, NULL, \"null\", nil, !!str null]");
	size_t i = 0;
	for (struct yaml_node *n = p->root->child; n; n = n->next)
		assert_int_equal(yaml_is_null(n), i++ < 4);
	assert_int_equal(i, 7);
	accepts(p, "k:\n");
	assert_true(yaml_is_null(p->root->child));
	assert_false(yaml_is_null(p->root));
}

static void test_empty_documents(void **state)
{
	static const char *const texts[] = { "",        "\n\n",         "# only a comment\n", "---\n",
					     "--- ~\n", "\xef\xbb\xbf", "%YAML 1.1\n---\n" };
	struct parse *p = *state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		accepts(p, texts[i]);
		assert_int_equal(p->root->type, YAML_MAP);
		assert_int_equal(p->root->n, 0);
	}
}

static void test_byte_order_mark(void **state)
{
	struct parse *p = *state;
	accepts(p, "\xef\xbb\xbfretry:\n  a: 1\n");
	assert_text(yaml_get(yaml_get(p->root, "retry"), "a"), "1");
}

static void test_crlf(void **state)
{
	struct parse *p = *state;
	accepts(p, "retry:\r\n  a: 1\r\n  b: x\r\n");
	assert_text(yaml_get(yaml_get(p->root, "retry"), "b"), "x");
}

static void test_json_is_yaml(void **state)
{
	struct parse *p = *state;
	accepts(p, "{\n  \"socket_path\": \"/tmp/retry-daemon.sock\",\n  \"http_port\": 8080,\n\t\"u\": "
		   "\"\\u00e9\\/\"\n}\n");
	assert_text(yaml_get(p->root, "http_port"), "8080");
	assert_text(yaml_get(p->root, "u"), "\xc3\xa9/");
}

static void test_nul_inside_text(void **state)
{
	struct parse *p = *state;
	accepts(p, "a: \"x\\0y\"\n");
	assert_int_equal(p->root->child->text.len, 3);
	assert_memory_equal(p->root->child->text.data, "x\0y", 4);
}

static void test_duplicate_key_names_both_lines(void **state)
{
	struct parse *p = *state;
	refuses(p, "retry:\n  a: 1\n  b: 2\n  a: 3\n", ERR_DUPLICATE, "a.yml:4:3",
		"the key \"a\" on line 4 stands already on line 2; keep one");
	refuses(p, "{a: 1, \"a\": 2}", ERR_DUPLICATE, "a.yml:1:8",
		"the key \"a\" on line 1 stands already on line 1; keep one");
	accepts(p, "x:\n  a: 1\ny:\n  a: 1\n");
}

static void test_first_of_several_duplicates_is_told(void **state)
{
	struct parse *p = *state;
	refuses(p, "z: 1\na: 1\nz: 2\na: 2\nz: 3\n", ERR_DUPLICATE, "a.yml:3:1",
		"the key \"z\" on line 3 stands already on line 1; keep one");
}

static void test_second_document(void **state)
{
	struct parse *p = *state;
	refuses(p, "a: 1\n---\nb: 1\n", ERR_UNSUPPORTED, "a.yml:2:1",
		"a second document begins here; one file holds one document, remove the \"---\"");
}

static void test_tab(void **state)
{
	struct parse *p = *state;
	refuses(p, "retry:\n\tmax_runs: 5\n", ERR_SYNTAX, "a.yml:2:1",
		"a tab is used for indentation; indent with spaces");
}

static void test_syntax_errors_have_a_cure(void **state)
{
	struct parse *p = *state;
	refuses(p, "a: b: c\n", ERR_SYNTAX, "a.yml:1:5",
		"a key and its value cannot begin here; check the indentation, and put text that holds \": "
		"\" in quotes");
	refuses(p, "a: [1, 2\nb: 3\n", ERR_SYNTAX, "a.yml:2:2",
		"a list in [brackets] is not closed (it began on line 1); separate items with \",\" and "
		"close it with \"]\"");
	refuses(p, "a: {b: 1\n", ERR_SYNTAX, "a.yml:2:1",
		"a map in {braces} is not closed (it began on line 1); separate members with \",\" and close "
		"it with \"}\"");
	refuses(p, "a: \"open\n", ERR_SYNTAX, "a.yml:2:1",
		"a quote is opened but never closed (it began on line 1); close it");
	refuses(p, "a: @x\n", ERR_SYNTAX, "a.yml:1:4",
		"this character cannot begin a value here; put the value in quotes");
	refuses(p, "a: 1\n  b: 2\n", ERR_SYNTAX, "a.yml:2:4",
		"a key and its value cannot begin here; check the indentation, and put text that holds \": "
		"\" in quotes");
	refuses(p, "a: 1\nb\n", ERR_SYNTAX, "a.yml:3:1",
		"a \":\" is missing after a key (it began on line 2); write \"key: value\"");
	refuses(p, "  a: 1\n b: 2\n", ERR_SYNTAX, "a.yml:2:2",
		"text follows after the end of the document; remove it or check the indentation of the first "
		"lines");
	refuses(p, "a: \"\\q\"\n", ERR_SYNTAX, "a.yml:1:5",
		"a backslash between double quotes begins an escape this is not; double the backslash or use "
		"single quotes");
}

static void test_control_character(void **state)
{
	struct parse *p = *state;
	refuses(p, "a: 1\nb: x\x01y\n", ERR_SYNTAX, "a.yml:2:5",
		"the text holds a control character; remove it");
}

static void test_invalid_utf8(void **state)
{
	struct parse *p = *state;
	refuses(p, "a: 1\nb: \xff\n", ERR_SYNTAX, "a.yml:2:4",
		"the text is not valid UTF-8; save the file as UTF-8");
}

static void test_json_surrogates(void **state)
{
	struct parse *p = *state;
	refuses(p, "{\"a\": \"\\ud83d\\ude00\"}", ERR_SYNTAX, "a.yml:1:10",
		"this escape stands for no character (surrogate pairs are JSON's alone); write the character "
		"itself or "
		"\\U0001F600");
}

static void test_odd_keys(void **state)
{
	struct parse *p = *state;
	refuses(p, "? [a]\n: b\n", ERR_SYNTAX, "a.yml:1:3",
		"a key must be text, not a list or map; quote it");
	refuses(p, "?\n: b\n", ERR_SYNTAX, "a.yml:1:2",
		"a key is missing before \":\"; write \"key: value\"");
	accepts(p, "\"\": b\n");
}

static void test_merge_key(void **state)
{
	struct parse *p = *state;
	refuses(p, "a: &x {b: 1}\nc:\n  <<: *x\n", ERR_UNSUPPORTED, "a.yml:3:3",
		"merge keys (<<) are not supported; write the keys out");
}

static void test_tags(void **state)
{
	struct parse *p = *state;
	accepts(p, "a: !!int 5\nb: !!map {}\nc: ! x\n");
	refuses(p, "a: !secret x\n", ERR_UNSUPPORTED, "a.yml:1:4",
		"the tag \"!secret\" is not supported; remove it, or put the text in quotes");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_tree),
		T(test_places),
		T(test_source_text_is_kept),
		T(test_null_words),
		T(test_empty_documents),
		T(test_byte_order_mark),
		T(test_crlf),
		T(test_json_is_yaml),
		T(test_nul_inside_text),
		T(test_duplicate_key_names_both_lines),
		T(test_first_of_several_duplicates_is_told),
		T(test_second_document),
		T(test_tab),
		T(test_syntax_errors_have_a_cure),
		T(test_control_character),
		T(test_invalid_utf8),
		T(test_json_surrogates),
		T(test_odd_keys),
		T(test_merge_key),
		T(test_tags),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
