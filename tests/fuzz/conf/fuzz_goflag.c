/* Any bytes as a command line: words are separated by newlines. */
#include "conf/goflag.h"

#include <stdlib.h>

#define WORDS 16

static void require(bool ok)
{
	if (!ok)
		abort();
}

static int split(char *text, size_t len, char **argv)
{
	int argc = 0;
	argv[argc++] = (char *)"program";
	for (char *p = text; argc < WORDS; p++) {
		char *end = memchr(p, '\n', (size_t)(text + len - p));
		argv[argc++] = p;
		if (!end)
			break;
		*end = 0;
		p = end;
	}
	argv[argc] = NULL;
	return argc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool on = false;
	int64_t port = 0, age = 0;
	const char *text = "";
	struct goflag flags[] = {
		{ "on", GOFLAG_BOOL, "On", NULL, &on, false },
		{ "port", GOFLAG_INT, "Port", "8080", &port, false },
		{ "text", GOFLAG_STRING, "Text\nmore", "a\"b", &text, false },
		{ "age", GOFLAG_DURATION, "Age", "24h0m0s", &age, false },
	};
	char *argv[WORDS + 1], *copy = malloc(size + 1);
	struct err err = { 0 };
	struct buf out;
	int rest = -1;
	require(copy != NULL);
	memcpy(copy, data, size);
	copy[size] = 0;
	int argc = split(copy, size, argv);
	int rc = goflag_parse(flags, 4, argc, argv, &rest, &err);
	require(rest >= 1 && rest <= argc);
	require(rc < 0 ? err.code == rc && err.text[0] : rc == 0 || rc == GOFLAG_HELP);
	require(text != NULL);
	buf_init(&out);
	goflag_usage(flags, 4, &out);
	require(out.len > 0);
	buf_fini(&out);
	free(copy);
	return 0;
}
