#include "detect/numbers.h"

#include "support.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MOST 1000

static int read_text(const char *text, const char *column, struct numbers *x, struct err *err)
{
	numbers_init(x);
	*err = (struct err){ 0 };
	return numbers_read(view_of(text), "FILE", column, MOST, x, err);
}

#define MISSING (-12345.0)

static void assert_values(const char *text, const char *column, const double *wanted, size_t n)
{
	struct numbers x;
	struct err err;
	int rc = read_text(text, column, &x, &err);
	if (rc < 0)
		fail_msg("%s: %s: %s", text, err.place, err.text);
	assert_int_equal(x.n, n);
	for (size_t i = 0; i < n; i++)
		assert_true(wanted[i] == MISSING ? isnan(x.values[i]) : x.values[i] == wanted[i]);
	numbers_fini(&x);
}
#define VALUES(text, column, ...)                                                                            \
	assert_values(text, column, (const double[]){ __VA_ARGS__ },                                         \
		      sizeof((const double[]){ __VA_ARGS__ }) / sizeof(double))

static void assert_fault(const char *text, const char *column, int code, const char *place, const char *part)
{
	struct numbers x;
	struct err err;
	int rc = read_text(text, column, &x, &err);
	assert_int_equal(rc, code);
	assert_string_equal(err.place, place);
	if (!strstr(err.text, part))
		fail_msg("\"%s\" does not say \"%s\"", err.text, part);
	numbers_fini(&x);
}

static void test_one_number_a_line(void **state)
{
	VALUES("1\n2.5\n-3e2\n", NULL, 1, 2.5, -300);
	VALUES("1\r\n2\r\n", NULL, 1, 2);
	VALUES("\xef\xbb\xbf 1 \n\n\n2", NULL, 1,
	       2); /* a mark of the encoding, blanks, empty lines, no end of line */
	VALUES("1\nnan\nNA\nnull\nNone\n-\n2\n", NULL, 1, MISSING, MISSING, MISSING, MISSING, MISSING, 2);
	VALUES("latency\n1\n2\n", NULL, 1, 2);
	VALUES("1\n", "1", 1);
	assert_values("", NULL, NULL, 0);
	assert_values(" \n\n", NULL, NULL, 0);
}

static void test_tables(void **state)
{
	static const char *const csv = "time,p50,p99\n2026-01-01,1,10\n2026-01-02,,20\n2026-01-03,3,30\n";
	VALUES(csv, "p99", 10, 20, 30);
	VALUES(csv, "p50", 1, MISSING, 3);
	VALUES(csv, "2", 1, MISSING, 3);
	VALUES("a\tb\nx\t1\ny\t2\n", NULL, 1, 2); /* only one holds numbers */
	VALUES("Mon,5\nTue,6\n", NULL, 5, 6);     /* no header */
	VALUES("1;2\n3;4\n", "2", 2, 4);
	VALUES("\"a, b\",\"c\"\n\"1\",\"2\"\n", "a, b", 1);
	VALUES("note,v\n\"two\nlines\",1\nplain,2\n", "v", 1, 2);
	assert_values("a,b\n", "b", NULL, 0);
}

static void test_json(void **state)
{
	VALUES("[1, 2.5, null, -4]", NULL, 1, 2.5, MISSING, -4);
	VALUES("\n [\n1\n]\n", NULL, 1);
	VALUES("{\"name\": \"x\", \"values\": [1, 2]}", NULL, 1, 2);
	VALUES("{\"a\": [1], \"b\": [2, null]}", "b", 2, MISSING);
	VALUES("[{\"t\": 1, \"p99\": 10}, {\"t\": 2}, {\"t\": 3, \"p99\": null}]", "p99", 10, MISSING,
	       MISSING);
	VALUES("[[1, 10], [2, 20]]", "2", 10, 20);
	assert_values("[]", NULL, NULL, 0);
}

static void test_what_is_no_number_is_named_with_its_line(void **state)
{
	assert_fault("1\n2\nabc\n4\n", NULL, ERR_SYNTAX, "FILE:3", "\"abc\" is not a number");
	assert_fault("1\n\n\ninf\n", NULL, ERR_RANGE, "FILE:4", "\"inf\" is not a finite number");
	assert_fault("1.2.3\n4\n", NULL, ERR_SYNTAX, "FILE:1", "\"1.2.3\"");
	assert_fault("abc\n", NULL, ERR_SYNTAX, "FILE:1", "\"abc\"");
	assert_fault("t,v\n1,2\n2,x\n", "v", ERR_SYNTAX, "FILE:3", "\"x\"");
	assert_fault("note,v\n\"two\nlines\",1\nplain,x\n", "v", ERR_SYNTAX, "FILE:4", "\"x\"");
	assert_fault("t,v\n1,2\n2\n", "v", ERR_SYNTAX, "FILE:3", "has no column 2");
	assert_fault("1\n\x01\x02rm -rf\x1b[31m and more than forty characters of it\n", NULL, ERR_SYNTAX,
		     "FILE:2", "\"??rm -rf?[31m and more than forty charac...\"");
	assert_fault("[1,\n2,\n\"3\"]", NULL, ERR_TYPE, "FILE:3", "\"3\"");
	assert_fault("[1,\n2,,3]", NULL, ERR_SYNTAX, "FILE:2:3", "");
	assert_fault("[1] 2", NULL, ERR_SYNTAX, "FILE:1:5", "");
	assert_fault("[1, 2", NULL, ERR_MORE, "FILE:1:6", "");
}

static void test_which_column(void **state)
{
	assert_fault("t,a,b\n1,2,3\n", NULL, ERR_MISSING, "FILE", "t, a, b");
	assert_fault("1,2\n3,4\n", NULL, ERR_MISSING, "FILE", "1, 2");
	assert_fault("t,a\n1,2\n", "p99", ERR_UNKNOWN, "FILE", "no column \"p99\"; there are: t, a");
	assert_fault("t,a\n1,2\n", "3", ERR_UNKNOWN, "FILE", "no column 3");
	assert_fault("t,a\n1,2\n", "0", ERR_UNKNOWN, "FILE", "count from 1");
	assert_fault("t,a\nx,y\n", NULL, ERR_MISSING, "FILE", "no column holds numbers");
	assert_fault("[[1, 2]]", NULL, ERR_MISSING, "FILE:1", "--column");
	assert_fault("[[1, 2]]", "3", ERR_MISSING, "FILE:1", "--column");
	assert_fault("[{\"a\": 1}]", NULL, ERR_MISSING, "FILE:1", "--column");
	assert_fault("{\"a\": [1], \"b\": [2]}", NULL, ERR_MISSING, "FILE", "--column");
	assert_fault("{\"a\": 1}", NULL, ERR_MISSING, "FILE", "no array");
	assert_fault("{\"a\": [1]}", "b", ERR_UNKNOWN, "FILE", "\"b\"");
}

static void test_too_many_values_are_refused(void **state)
{
	static char text[3 * MOST];
	struct numbers x;
	struct err err;
	for (size_t i = 0; i < MOST; i++)
		memcpy(text + 2 * i, "1\n", 2);
	assert_int_equal(read_text(text, NULL, &x, &err), 0);
	assert_int_equal(x.n, MOST);
	numbers_fini(&x);
	memcpy(text + 2 * MOST, "1\n", 3);
	assert_int_equal(read_text(text, NULL, &x, &err), ERR_FULL);
	assert_string_equal(err.place, "FILE:1001");
	numbers_fini(&x);
}

static void assert_columns(const char *text, const char *list, const char *wanted)
{
	struct numbers_columns c;
	struct err err = { 0 };
	char names[200] = "";
	numbers_columns_init(&c);
	if (numbers_read_columns(view_of(text), "FILE", list, MOST, &c, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	for (size_t i = 0; i < c.n; i++)
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s:%zu ", c.columns[i].name,
			 c.columns[i].x.n);
	assert_string_equal(names, wanted);
	numbers_columns_fini(&c);
}

static void test_several_columns(void **state)
{
	assert_columns("t,a,b\nx,,2\ny,1,3\n", "all", "a:2 b:2 ");
	assert_columns("t,a,b\nx,,2\ny,1,3\n", "b, a", "b:2 a:2 ");
	assert_columns("1 ; 2\n3;4\n", "all", "1:2 2:2 ");
	assert_columns("5\n6\n", "all", "1:2 ");
	assert_columns("[1,2]", "all", "1:2 ");
	assert_columns("[[1,\"x\"],[2,\"y\"]]", "all", "1:2 ");
	assert_columns("[{\"a\":null,\"b\":\"x\"},{\"a\":1}]", "all", "a:2 ");
	assert_columns("{\"a\":[1],\"s\":[\"x\"],\"b\\u0061\":[null,2]}", "all", "a:1 ba:2 ");
}

static void test_several_columns_that_are_not_there(void **state)
{
	static const struct {
		const char *text, *list;
		int code;
	} cases[] = { { "a,b\n1,2\n", "a,c", ERR_UNKNOWN },    { "a,b\n1,2\n", "a,,b", ERR_SYNTAX },
		      { "a,b\nx,y\n", "all", ERR_MISSING },    { "", "all", ERR_MISSING },
		      { "[\"x\"]", "all", ERR_MISSING },       { "[1,,2]", "all", ERR_SYNTAX },
		      { "a,b\n1,2\n1,x\n", "all", ERR_SYNTAX } };
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct numbers_columns c;
		struct err err = { 0 };
		numbers_columns_init(&c);
		assert_int_equal(
			numbers_read_columns(view_of(cases[i].text), "FILE", cases[i].list, MOST, &c, &err),
			cases[i].code);
		assert_true(*err.text && *err.place);
		numbers_columns_fini(&c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_number_a_line),
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_what_is_no_number_is_named_with_its_line),
		cmocka_unit_test(test_which_column),
		cmocka_unit_test(test_too_many_values_are_refused),
		cmocka_unit_test(test_several_columns),
		cmocka_unit_test(test_several_columns_that_are_not_there),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
