#include "support.h"

#include "base/err.h"
#include "intake/statsd_parse.h"

static struct statsd_line good(const char *text)
{
	struct statsd_line line;
	const char *why = NULL;
	int rc = statsd_parse(view_of(text), &line, &why);
	if (rc < 0)
		fail_msg("%s: %s", text, why);
	return line;
}

static void assert_bad(const char *text, const char *part)
{
	struct statsd_line line;
	const char *why = NULL;
	if (statsd_parse(view_of(text), &line, &why) >= 0)
		fail_msg("%s was taken", text);
	assert_non_null(why);
	if (!strstr(why, part))
		fail_msg("%s: \"%s\" does not say \"%s\"", text, why, part);
}

static void assert_view(struct view v, const char *text)
{
	assert_true(view_eq(v, view_of(text)));
}

static void a_counter(void **state)
{
	struct statsd_line l = good("app.hits:2|c");
	assert_view(l.name, "app.hits");
	assert_int_equal(l.type, STATSD_COUNTER);
	assert_true(l.number == 2 && l.rate == 1 && !l.change && l.tags.len == 0);
}

static void a_rate_and_tags_in_any_order(void **state)
{
	struct statsd_line l = good("h:1|c|@0.1|#env:prod,fast");
	assert_true(l.rate == 0.1);
	assert_view(l.tags, "env:prod,fast");
	l = good("h:1|c|#a|@0.5");
	assert_true(l.rate == 0.5);
	assert_view(l.tags, "a");
}

static void the_sign_of_a_gauge_makes_it_a_change(void **state)
{
	assert_false(good("g:5|g").change);
	assert_true(good("g:+5|g").change);
	assert_true(good("g:+5|g").number == 5);
	assert_true(good("g:-5|g").change);
	assert_true(good("g:-5|g").number == -5);
	assert_false(good("c:-5|c").change);
}

static void timings_and_histograms(void **state)
{
	assert_int_equal(good("t:1.5|ms").type, STATSD_TIMING);
	assert_int_equal(good("t:1.5|h").type, STATSD_TIMING);
	assert_true(good("t:1.5e2|ms|@0.5").number == 150);
}

static void a_member_of_a_set_may_be_any_text(void **state)
{
	struct statsd_line l = good("users:127.0.0.1:80|s");
	assert_int_equal(l.type, STATSD_SET);
	assert_view(l.value, "127.0.0.1:80");
}

static void sections_of_newer_clients_are_passed_over(void **state)
{
	assert_true(good("c:1|c|c:83c0a99c|T1656581400").number == 1);
}

static void bad_lines_say_what_is_wrong(void **state)
{
	assert_bad("", "no value");
	assert_bad("x", "no value");
	assert_bad(":1|c", "no name");
	assert_bad("x:", "no type");
	assert_bad("x:1", "no type");
	assert_bad("x:1|", "type is unknown");
	assert_bad("x:1|q", "type is unknown");
	assert_bad("x:1|C", "type is unknown");
	assert_bad("x:1|m", "type is unknown");
	assert_bad("x:|c", "no number");
	assert_bad("x:+|g", "no number");
	assert_bad("x:+-1|g", "no number");
	assert_bad("x:++1|g", "no number");
	assert_bad("x:1 |c", "no number");
	assert_bad("x:nan|g", "no number");
	assert_bad("x:inf|g", "no number");
	assert_bad("x:0x10|g", "no number");
	assert_bad("x:|s", "member");
	assert_bad("x:1|c|", "empty section");
	assert_bad("x:1|c||@1", "empty section");
	assert_bad("x:1|c|@", "rate");
	assert_bad("x:1|c|@0", "rate");
	assert_bad("x:1|c|@1.1", "rate");
	assert_bad("x:1|c|@-0.5", "rate");
	assert_bad("x:1|c|@1e-999", "rate");
	assert_bad("_e{5,4}:title|text", "type is unknown");
}

static void assert_key(const char *text, const char *suffix, const char *expected)
{
	struct statsd_line l = good(text);
	struct buf out;
	buf_init(&out);
	statsd_series_key(&l, suffix, &out);
	assert_string_equal(buf_str(&out), expected);
	buf_fini(&out);
}

static void keys(void **state)
{
	assert_key("app.hits:1|c", "", "app.hits");
	assert_key("app.reqs/s:1|c|#Env:prod,fast", ".count", "app.reqs_s.count{Env=\"prod\",fast=\"true\"}");
	assert_key("9 lives:1|c", "", "_9_lives");
	assert_key("x:1|c|#", "", "x");
	assert_key("x:1|c|#,,", "", "x");
	assert_key("x:1|c|#a-b:c d,:v,k:", "", "x{a_b=\"c d\",_=\"v\",k=\"\"}");
	assert_key("x:1|c|#k:say \"hi\"\\\t", "", "x{k=\"say \\\"hi\\\"\\\\_\"}");
	assert_key("x:1|c|#url:http://a:80/", "", "x{url=\"http://a:80/\"}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_counter),
		cmocka_unit_test(a_rate_and_tags_in_any_order),
		cmocka_unit_test(the_sign_of_a_gauge_makes_it_a_change),
		cmocka_unit_test(timings_and_histograms),
		cmocka_unit_test(a_member_of_a_set_may_be_any_text),
		cmocka_unit_test(sections_of_newer_clients_are_passed_over),
		cmocka_unit_test(bad_lines_say_what_is_wrong),
		cmocka_unit_test(keys),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
