#include "support.h"

#include "base/json.h"

#include <stdlib.h>

/* A conformance corpus of our own: each text with what the lenient and the strict reader must say.
 *   OK   a whole document      BAD  no continuation can make it one      CUT  a beginning of one */

enum { OK = 0, BAD = ERR_SYNTAX, CUT = ERR_MORE };

struct row {
	const char *text;
	size_t len;
	int lenient, strict;
};
#define T(text, lenient, strict)                                                                             \
	{                                                                                                    \
		text, sizeof(text) - 1, lenient, strict                                                      \
	}

/* clang-format off */
static const struct row rows[] = {
	/* scalars at the top */
	T("null", OK, OK), T("true", OK, OK), T("false", OK, OK), T("0", OK, OK), T("-0", OK, OK),
	T("1", OK, OK), T("-1", OK, OK), T("\"\"", OK, OK), T("\"a\"", OK, OK), T(" 1 ", OK, OK),
	T("\t\r\n1\t\r\n", OK, OK), T("nul", CUT, CUT), T("t", CUT, CUT), T("fals", CUT, CUT),
	T("nulL", BAD, BAD), T("True", BAD, BAD), T("NULL", BAD, BAD), T("nan", BAD, BAD),
	T("NaN", BAD, BAD), T("Infinity", BAD, BAD), T("-Infinity", BAD, BAD), T("undefined", BAD, BAD),
	T("'a'", BAD, BAD), T("truefalse", BAD, BAD), T("true false", BAD, BAD), T("null,", BAD, BAD),
	T("1 2", BAD, BAD), T("", CUT, CUT), T(" ", CUT, CUT), T("\n\n", CUT, CUT), T("\f1", BAD, BAD),
	T("\v1", BAD, BAD), T("\0", BAD, BAD), T("1\0", BAD, BAD), T("\xEF\xBB\xBF""1", BAD, BAD),
	T("\xC2\xA0""1", BAD, BAD), T("#1", BAD, BAD), T("//1", BAD, BAD), T("/**/1", BAD, BAD),
	/* numbers */
	T("10", OK, OK), T("1.0", OK, OK), T("0.0", OK, OK), T("-0.0", OK, OK), T("0.1e1", OK, OK),
	T("1e5", OK, OK), T("1E5", OK, OK), T("1e+5", OK, OK), T("1e-5", OK, OK), T("1E+05", OK, OK),
	T("0e0", OK, OK), T("0e+00", OK, OK), T("-1.5e-3", OK, OK),
	T("123456789012345678901234567890", OK, OK), T("1e400", OK, OK), T("1e-400", OK, OK),
	T("-1e99999999999999999999", OK, OK), T("0.00000000000000000000000000000000000001", OK, OK),
	T("-", CUT, CUT), T("1.", CUT, CUT), T("-1.", CUT, CUT), T("1e", CUT, CUT), T("1e+", CUT, CUT),
	T("1E-", CUT, CUT), T("+1", BAD, BAD), T(".5", BAD, BAD), T("-.5", BAD, BAD), T("01", BAD, BAD),
	T("-01", BAD, BAD), T("00", BAD, BAD), T("00.5", BAD, BAD), T("1.e1", BAD, BAD),
	T("1.x", BAD, BAD), T("1ee1", BAD, BAD), T("1e1.5", BAD, BAD), T("1e+-1", BAD, BAD),
	T("0x10", BAD, BAD), T("1_000", BAD, BAD), T("1,000", BAD, BAD), T("--1", BAD, BAD),
	T("-a", BAD, BAD), T("1f", BAD, BAD), T("1.2.3", BAD, BAD), T("٣", BAD, BAD), T("１", BAD, BAD),
	T("0b1", BAD, BAD), T("1e 5", BAD, BAD), T("- 1", BAD, BAD),
	/* strings */
	T("\"\\\"\"", OK, OK), T("\"\\/\\b\\f\\n\\r\\t\"", OK, OK), T("\"/\"", OK, OK),
	T("\"\\u0041\"", OK, OK), T("\"\\uABCD\\uabcd\"", OK, OK), T("\"\\u0000\"", OK, OK),
	T("\"\\ud83d\\ude00\"", OK, OK), T("\"\\ud83d\"", OK, OK), T("\"\\ude00\"", OK, OK),
	T("\"\\ud83d\\u0041\"", OK, OK), T("\"\x7F\"", OK, OK), T("\"\xC3\xA4\"", OK, OK),
	T("\"\xF0\x9F\x98\x80\"", OK, OK), T("\"\xE2\x80\xA8\"", OK, OK),
	T("\"\xF4\x8F\xBF\xBF\"", OK, OK), T("\"{[,:]}\"", OK, OK), T("\"0123456789abcdef\"", OK, OK),
	T("\"0123456789abcde\\n\"", OK, OK), T("\"0123456789abcdef0123456789abcdef\\\\\"", OK, OK),
	T("\"", CUT, CUT), T("\"a", CUT, CUT), T("\"\\", CUT, CUT), T("\"\\u", CUT, CUT),
	T("\"\\u12", CUT, CUT), T("\"\\u123", CUT, CUT), T("\"\\u1234", CUT, CUT), T("\"\\\"", CUT, CUT),
	T("\"0123456789abcdef", CUT, CUT), T("\"\\x\"", BAD, BAD), T("\"\\U0041\"", BAD, BAD),
	T("\"\\a\"", BAD, BAD), T("\"\\0\"", BAD, BAD), T("\"\\'\"", BAD, BAD), T("\"\\ \"", BAD, BAD),
	T("\"\\\n\"", BAD, BAD), T("\"\\\xC3\"", BAD, BAD), T("\"\\u00g0\"", BAD, BAD),
	T("\"\\u 041\"", BAD, BAD), T("\"\\u12\"", BAD, BAD), T("\"\\u+123\"", BAD, BAD),
	T("\"\\u0x41\"", BAD, BAD), T("\"a\"\"", BAD, BAD), T("\"a\" \"b\"", BAD, BAD),
	T("\"a\"b", BAD, BAD),
	/* strings that strict mode refuses */
	T("\"\n\"", OK, BAD), T("\"\t\"", OK, BAD), T("\"\0\"", OK, BAD), T("\"\x1F\"", OK, BAD),
	T("\"\xFF\"", OK, BAD), T("\"\x80\"", OK, BAD), T("\"\xC0\x80\"", OK, BAD),
	T("\"\xC1\xBF\"", OK, BAD), T("\"\xE0\x80\x80\"", OK, BAD), T("\"\xED\xA0\x80\"", OK, BAD),
	T("\"\xF4\x90\x80\x80\"", OK, BAD), T("\"\xF8\x88\x80\x80\x80\"", OK, BAD), T("\"\xC3\"", OK, BAD),
	T("\"\xE2\x82\"", OK, BAD), T("\"\xF0\x9F\x98\"", OK, BAD), T("\"0123456789abcdef\n\"", OK, BAD),
	T("{\"\xFF\":1}", OK, BAD), T("\"\xC3", CUT, CUT), T("\"\xE2\x82", CUT, CUT),
	T("\"\xF0\x90", CUT, CUT), T("\"\xED\xA0", CUT, BAD), T("\"\xFF", CUT, BAD),
	T("\"\xC3\xC3", CUT, BAD), T("\"\n", CUT, BAD), T("\"\xF4\x90", CUT, BAD),
	T("\"\xE0\x80", CUT, BAD),
	/* arrays */
	T("[]", OK, OK), T("[ ]", OK, OK), T("[\n]", OK, OK), T("[1]", OK, OK), T("[1,2]", OK, OK),
	T("[ 1 , 2 ]", OK, OK), T("[[]]", OK, OK), T("[[],[]]", OK, OK), T("[[[1],2],3]", OK, OK),
	T("[null,true,false,0,\"\",[],{}]", OK, OK), T("[\"a\",\"b\"]", OK, OK), T("[-0]", OK, OK),
	T("[1e1]", OK, OK), T("[", CUT, CUT), T("[ ", CUT, CUT), T("[1", CUT, CUT), T("[1,", CUT, CUT),
	T("[1, ", CUT, CUT), T("[[1]", CUT, CUT), T("[\"a", CUT, CUT), T("[\"a\"", CUT, CUT),
	T("[tru", CUT, CUT), T("[-", CUT, CUT), T("[1.", CUT, CUT), T("[12", CUT, CUT),
	T("[{\"a\":[", CUT, CUT), T("]", BAD, BAD), T("[,]", BAD, BAD), T("[1,]", BAD, BAD),
	T("[,1]", BAD, BAD), T("[1,,2]", BAD, BAD), T("[1 2]", BAD, BAD), T("[1:2]", BAD, BAD),
	T("[1}", BAD, BAD), T("[}", BAD, BAD), T("[1]]", BAD, BAD), T("[1],", BAD, BAD),
	T("[\"a\":1]", BAD, BAD), T("[1;2]", BAD, BAD), T("[a]", BAD, BAD), T("[-]", BAD, BAD),
	T("[1.]", BAD, BAD), T("[01]", BAD, BAD), T("[1e]", BAD, BAD), T("[tru]", BAD, BAD),
	T("[truex]", BAD, BAD), T("[//\n]", BAD, BAD), T("[1\0]", BAD, BAD), T("[\"a\\\"]", CUT, CUT),
	T("[\"\"", CUT, CUT), T("[\"\" \"\"]", BAD, BAD), T("['a']", BAD, BAD), T("[\x0C""1]", BAD, BAD),
	T("[+1]", BAD, BAD), T("[.1]", BAD, BAD), T("[nan]", BAD, BAD),
	/* objects */
	T("{}", OK, OK), T("{ }", OK, OK), T("{\"a\":1}", OK, OK), T("{ \"a\" : 1 }", OK, OK),
	T("{\"a\":1,\"b\":2}", OK, OK), T("{\"\":0}", OK, OK), T("{\"a\":{\"b\":{\"c\":[]}}}", OK, OK),
	T("{\"a\":[],\"b\":{}}", OK, OK), T("{\"\\u0061\":1}", OK, OK), T("{\"a b\":\"c d\"}", OK, OK),
	T("{\"a\":null,\"b\":true,\"c\":false,\"d\":-1.5e3,\"e\":\"x\"}", OK, OK),
	T("\n{\n\"a\"\n:\n1\n,\n\"b\"\n:\n2\n}\n", OK, OK), T("{", CUT, CUT), T("{\"", CUT, CUT),
	T("{\"a", CUT, CUT), T("{\"a\"", CUT, CUT), T("{\"a\" ", CUT, CUT), T("{\"a\":", CUT, CUT),
	T("{\"a\": ", CUT, CUT), T("{\"a\":1", CUT, CUT), T("{\"a\":1,", CUT, CUT),
	T("{\"a\":1, ", CUT, CUT), T("{\"a\":1,\"b\"", CUT, CUT), T("{\"a\":{\"b\":1}", CUT, CUT),
	T("{\"a\":\"", CUT, CUT), T("}", BAD, BAD), T("{,}", BAD, BAD), T("{1:1}", BAD, BAD),
	T("{a:1}", BAD, BAD), T("{'a':1}", BAD, BAD), T("{\"a\"}", BAD, BAD), T("{\"a\":}", BAD, BAD),
	T("{\"a\",}", BAD, BAD), T("{\"a\":1,}", BAD, BAD), T("{,\"a\":1}", BAD, BAD),
	T("{\"a\":1,,\"b\":2}", BAD, BAD), T("{\"a\":1 \"b\":2}", BAD, BAD), T("{\"a\" 1}", BAD, BAD),
	T("{\"a\"=1}", BAD, BAD), T("{\"a\"::1}", BAD, BAD), T("{\"a\":1]", BAD, BAD), T("{]", BAD, BAD),
	T("{\"a\":1}}", BAD, BAD), T("{\"a\":1}{\"b\":2}", BAD, BAD), T("{\"a\":1},", BAD, BAD),
	T("{null:1}", BAD, BAD), T("{\"a\":1/**/}", BAD, BAD), T("{\"a\":b}", BAD, BAD),
	T("{[]:1}", BAD, BAD), T("{\"a\":1;\"b\":2}", BAD, BAD), T("{\"a\":\"b\":\"c\"}", BAD, BAD),
	T("{\"a\" \"b\"}", BAD, BAD), T("{\"a\":x", BAD, BAD), T("{\"a\":1}x", BAD, BAD),
	T("{{}}", BAD, BAD),
	/* duplicates, which only strict mode refuses */
	T("{\"a\":1,\"a\":2}", OK, BAD), T("{\"a\":1,\"\\u0061\":2}", OK, BAD),
	T("{\"a\":{\"b\":1,\"b\":2}}", OK, BAD), T("[{\"x\":1},{\"x\":1}]", OK, OK),
	T("{\"a\":1,\"A\":2}", OK, OK), T("{\"a\":{\"a\":{\"a\":1}}}", OK, OK),
	T("{\"\":1,\"\":2}", OK, BAD), T("{\"a\":1,\"a\":2", CUT, BAD), T("{\"a\":1,\"a\"", CUT, BAD),
	T("{\"a\":1,\"a", CUT, CUT),
	T("{\"a\":0,\"b\":1,\"c\":2,\"d\":3,\"e\":4,\"f\":5,\"g\":6,\"h\":7,\"i\":8,\"j\":9,\"k\":10,\"l\":11,\"m\":12,\"n\":13}", OK, OK),
	T("{\"a\":0,\"b\":1,\"c\":2,\"d\":3,\"e\":4,\"f\":5,\"g\":6,\"h\":7,\"i\":8,\"j\":9,\"k\":10,\"l\":11,\"m\":12,\"c\":13}", OK, BAD),
};
/* clang-format on */
#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

/* The text in a block of its own, so that a sanitizer sees a read past its end. */
static int judge(const struct row *row, unsigned flags, struct err *err)
{
	struct json_doc d;
	json_doc_init(&d);
	char *copy = malloc(row->len ? row->len : 1);
	memcpy(copy, row->text, row->len);
	int rc = json_parse_all(&d, copy, row->len, flags, err);
	free(copy);
	json_doc_fini(&d);
	return rc;
}

static void check_rows(unsigned flags)
{
	size_t wrong = 0;
	for (size_t i = 0; i < N_ROWS; i++) {
		struct err err = { 0 };
		int expected = flags & JSON_STRICT ? rows[i].strict : rows[i].lenient;
		int rc = judge(&rows[i], flags, &err);
		if (rc != expected || (rc != 0) != (err.text[0] != 0)) {
			print_error("row %zu <%s>: %s, expected %s\n", i, rows[i].text,
				    rc ? err_name(rc) : "OK", expected ? err_name(expected) : "OK");
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
}

static void test_lenient_verdicts(void **state)
{
	check_rows(0);
}
static void test_strict_verdicts(void **state)
{
	check_rows(JSON_STRICT);
}

/* Whatever is cut from a whole document is a beginning of one, in both modes; a top-level number may be whole
 * earlier. */
static void test_every_prefix_is_incomplete(void **state)
{
	for (size_t i = 0; i < N_ROWS; i++) {
		for (size_t len = 0; len < rows[i].len; len++) {
			struct row cut = { rows[i].text, len, 0, 0 };
			if (rows[i].lenient != BAD)
				assert_in_set(judge(&cut, 0, NULL),
					      ((const unsigned long[]){ OK, (unsigned long)CUT }), 2);
			if (rows[i].strict != BAD)
				assert_in_set(judge(&cut, JSON_STRICT, NULL),
					      ((const unsigned long[]){ OK, (unsigned long)CUT }), 2);
		}
	}
}

/* The strict reader accepts nothing that the lenient one refuses. */
static void test_strict_is_a_subset(void **state)
{
	for (size_t i = 0; i < N_ROWS; i++)
		if (rows[i].lenient == BAD)
			assert_int_equal(rows[i].strict, BAD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lenient_verdicts),
		cmocka_unit_test(test_strict_verdicts),
		cmocka_unit_test(test_every_prefix_is_incomplete),
		cmocka_unit_test(test_strict_is_a_subset),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
