#include "detect/change.h"

#include "support.h"

#include <math.h>

static struct change_point step(double before, double after, double p)
{
	struct change_point c = {
		.index = 6, .to = 10, .mean_before = before, .mean_after = after, .p = p, .posterior = NAN
	};
	change_measure(&c);
	return c;
}

static void test_percentage_and_magnitude(void **state)
{
	struct change_point c = step(10, 12, NAN);
	assert_true(fabs(c.percentage_change - 20) < 1e-12);
	assert_true(fabs(c.magnitude - 0.2) < 1e-12);
	c = step(12, 10, NAN);
	assert_true(fabs(c.percentage_change + 100.0 / 6) < 1e-12);
	assert_true(fabs(c.magnitude - 0.2) < 1e-12); /* as seen from the smaller side */
	c = step(0, 10, NAN);
	assert_true(isnan(c.percentage_change));
	assert_true(c.magnitude == 1); /* |0/10 - 1|; the other side has no answer */
	c = step(0, 0, NAN);
	assert_true(c.magnitude == 0);
}

static void assert_text(const struct change_point *c, const char *wanted)
{
	char text[CHANGE_TEXT_MAX];
	assert_string_equal(change_text(c, text), wanted);
}

static void test_sentences(void **state)
{
	struct change_point c = step(1.5699015877, 7.9208, 1.45e-7);
	assert_text(&c, "from value 7 on the mean is 7.921 instead of 1.57 (+405 %); "
			"chance alone gives that less than once in a million");
	c = step(100, 90, 0.0004);
	assert_text(&c, "from value 7 on the mean is 90 instead of 100 (-10 %); "
			"chance alone gives that once in 2 000");
	c = step(0, 3, 0.5);
	assert_text(&c, "from value 7 on the mean is 3 instead of 0; "
			"chance alone gives that 50 times in 100");
	c = step(4, 5, NAN);
	assert_text(&c, "from value 7 on the mean is 5 instead of 4 (+25 %)");
	c = step(23593.18, 28431.75, NAN);
	assert_text(&c, "from value 7 on the mean is 28432 instead of 23593 (+20.5 %)");
	c = step(4, 5, NAN);
	c.to = 7; /* it is the last one */
	assert_text(&c, "value 7 is 5 where 4 was usual (+25 %)");
}

static void test_how_sure(void **state)
{
	char text[CHANGE_SURE_MAX];
	struct change_point c = step(1, 2, NAN);
	assert_string_equal(change_sure_text(&c, text), "");
	c.posterior = 0.996;
	assert_string_equal(change_sure_text(&c, text), "the odds for a change are 200 to 1");
	c.posterior = 1;
	assert_string_equal(change_sure_text(&c, text), "the odds for a change are over a million to one");
	c.posterior = 0.3;
	assert_string_equal(change_sure_text(&c, text), "a change is less likely than none");
	c.posterior = NAN;
	c.p = 0;
	assert_string_equal(change_sure_text(&c, text),
			    "chance alone gives that less than once in a million");
}

static void test_json(void **state)
{
	struct buf out;
	buf_init(&out);
	struct jw w = jw_init(&out, JW_COMPACT);
	struct change_point c = step(0, 3, 0.5);
	c.method = "some";
	jw_obj(&w, NULL);
	change_write_json(&w, &c);
	jw_end(&w);
	assert_string_equal(
		buf_str(&out),
		"{\"index\":6,\"from\":0,\"to\":10,\"mean_before\":0,\"mean_after\":3,\"sd_before\":0,"
		"\"sd_after\":0,\"percentage_change\":null,\"magnitude\":1,\"p\":0.5,\"method\":\"some\"}");
	buf_fini(&out);
}

static void test_a_list_grows_in_its_arena(void **state)
{
	struct arena arena;
	struct change_result r;
	arena_init(&arena, 0);
	change_result_init(&r, &arena);
	for (size_t i = 0; i < 100; i++) {
		struct change_point c = { .index = i };
		assert_int_equal(change_result_add(&r, &c), 0);
	}
	assert_int_equal(r.n, 100);
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(r.points[i].index, i);
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_percentage_and_magnitude),
		cmocka_unit_test(test_sentences),
		cmocka_unit_test(test_how_sure),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_a_list_grows_in_its_arena),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
