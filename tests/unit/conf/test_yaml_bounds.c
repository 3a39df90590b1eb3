#include "support.h"

#include "conf/yaml.h"

struct parse {
	struct arena arena;
	struct err err;
	struct buf text;
	struct yaml_node *root;
};

static int setup(void **state)
{
	struct parse *p = test_calloc(1, sizeof(*p));
	arena_init(&p->arena, 0);
	buf_init(&p->text);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct parse *p = *state;
	arena_fini(&p->arena);
	buf_fini(&p->text);
	test_free(p);
	return 0;
}

static int parse(struct parse *p)
{
	return yaml_parse((struct view){ p->text.data, p->text.len }, "a.yml", &p->arena, &p->root, &p->err);
}

static void repeat(struct parse *p, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_puts(&p->text, s);
}

static void test_depth_allowed(void **state)
{
	struct parse *p = *state;
	repeat(p, "[", YAML_MAX_DEPTH);
	repeat(p, "]", YAML_MAX_DEPTH);
	assert_int_equal(parse(p), 0);
}

static void test_depth_refused(void **state)
{
	struct parse *p = *state;
	repeat(p, "[", YAML_MAX_DEPTH + 1);
	repeat(p, "]", YAML_MAX_DEPTH + 1);
	assert_int_equal(parse(p), ERR_DEPTH);
	assert_string_equal(p->err.place, "a.yml:1:33");
	assert_string_equal(p->err.text, "nested more than 32 deep; flatten the file");
}

static void test_a_million_brackets_stop_early(void **state)
{
	struct parse *p = *state;
	repeat(p, "[", 1000000);
	assert_int_equal(parse(p), ERR_DEPTH);
	assert_true(p->arena.total < 100000);
}

static void test_deep_block_lists(void **state)
{
	struct parse *p = *state;
	repeat(p, "- ", 1000000);
	assert_int_equal(parse(p), ERR_DEPTH);
}

static void test_nodes_allowed(void **state)
{
	struct parse *p = *state;
	repeat(p, "- x\n", YAML_MAX_NODES - 1);
	assert_int_equal(parse(p), 0);
	assert_int_equal(p->root->n, YAML_MAX_NODES - 1);
}

static void test_nodes_refused(void **state)
{
	struct parse *p = *state;
	repeat(p, "- x\n", YAML_MAX_NODES);
	assert_int_equal(parse(p), ERR_FULL);
	assert_string_equal(p->err.place, "a.yml:100000:3");
	assert_string_equal(p->err.text, "more than 100000 values (expanded aliases count); split the file");
}

static void test_bytes_refused(void **state)
{
	struct parse *p = *state;
	repeat(p, "#\n", YAML_MAX_BYTES / 2);
	assert_int_equal(parse(p), 0);
	repeat(p, "\n", 1);
	assert_int_equal(parse(p), ERR_FULL);
	assert_string_equal(p->err.text, "the file is larger than 4 MiB; split it");
}

static void test_many_keys_are_not_quadratic(void **state)
{
	struct parse *p = *state;
	for (int i = 0; i < YAML_MAX_NODES - 1; i++)
		buf_printf(&p->text, "k%d: 1\n", i);
	assert_int_equal(parse(p), 0);
}

static void test_alias_is_a_copy(void **state)
{
	struct parse *p = *state;
	buf_puts(&p->text, "a: &x {b: [1, 2]}\nc: *x\nd:\n  - *x\n");
	assert_int_equal(parse(p), 0);
	struct yaml_node *copy = yaml_get(p->root, "c");
	assert_int_equal(copy->type, YAML_MAP);
	assert_int_equal(yaml_get(copy, "b")->n, 2);
	assert_ptr_not_equal(copy, yaml_get(p->root, "a"));
	assert_int_equal(yaml_get(p->root, "d")->n, 1);
	assert_int_equal(yaml_get(p->root, "d")->child->key.len, 0);
}

static void test_latest_anchor_counts(void **state)
{
	struct parse *p = *state;
	buf_puts(&p->text, "[&x 1, &x 2, *x]");
	assert_int_equal(parse(p), 0);
	assert_string_equal(p->root->child->next->next->text.data, "2");
}

/* Nine lines of ten aliases each: a thousand million nodes if nobody counted. */
static void test_billion_laughs(void **state)
{
	struct parse *p = *state;
	buf_puts(&p->text, "l0: &l0 [x,x,x,x,x,x,x,x,x,x]\n");
	for (int i = 1; i < 9; i++) {
		buf_printf(&p->text, "l%d: &l%d [", i, i);
		for (int k = 0; k < 10; k++)
			buf_printf(&p->text, "%s*l%d", k ? "," : "", i - 1);
		buf_puts(&p->text, "]\n");
	}
	assert_int_equal(parse(p), ERR_FULL);
	assert_true(p->arena.total < 40u << 20);
}

static void test_alias_of_itself(void **state)
{
	struct parse *p = *state;
	buf_puts(&p->text, "a: &x [1, *x]\n");
	assert_int_equal(parse(p), ERR_SYNTAX);
	assert_string_equal(p->err.text, "the alias *x stands inside its own anchor; write the value out");
}

static void test_alias_without_anchor(void **state)
{
	struct parse *p = *state;
	buf_puts(&p->text, "a: *nobody\n");
	assert_int_equal(parse(p), ERR_UNKNOWN);
	assert_string_equal(p->err.place, "a.yml:1:4");
	assert_string_equal(p->err.text,
			    "the alias *nobody has no anchor; write &nobody before the value it means");
}

static void test_alias_cannot_pass_the_depth(void **state)
{
	struct parse *p = *state;
	buf_puts(&p->text, "- &x ");
	repeat(p, "[", 20);
	repeat(p, "]", 20);
	buf_puts(&p->text, "\n- ");
	repeat(p, "[", 20);
	buf_puts(&p->text, "*x");
	repeat(p, "]", 20);
	assert_int_equal(parse(p), ERR_DEPTH);
}

static void test_anchors_are_counted(void **state)
{
	struct parse *p = *state;
	for (int i = 0; i <= YAML_MAX_ANCHORS; i++)
		buf_printf(&p->text, "- &a%d x\n", i);
	assert_int_equal(parse(p), ERR_FULL);
	assert_string_equal(p->err.text, "more than 256 anchors; write the values out");
}

static void test_arena_limit(void **state)
{
	struct parse *p = *state;
	p->arena.limit = 20000;
	repeat(p, "- x\n", 10000);
	assert_int_equal(parse(p), -12);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_depth_allowed),
		T(test_depth_refused),
		T(test_a_million_brackets_stop_early),
		T(test_deep_block_lists),
		T(test_nodes_allowed),
		T(test_nodes_refused),
		T(test_bytes_refused),
		T(test_many_keys_are_not_quadratic),
		T(test_alias_is_a_copy),
		T(test_latest_anchor_counts),
		T(test_billion_laughs),
		T(test_alias_of_itself),
		T(test_alias_without_anchor),
		T(test_alias_cannot_pass_the_depth),
		T(test_anchors_are_counted),
		T(test_arena_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
