/* Any bytes as a series, and as several. The first line tells the column: its number, a name, or nothing. */
#include "detect/numbers.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#define MOST 4096

static void require(bool ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *line = memchr(data, '\n', size);
	size_t named = line ? (size_t)(line - text) : 0, skipped = line ? named + 1 : 0;
	char *column = calloc(1, named + 1), *rest = malloc(size - skipped + 1);
	memcpy(column, text, named);
	memcpy(rest, text + skipped, size - skipped); /* nothing may be read behind it */
	struct numbers x;
	struct err err = { 0 };
	numbers_init(&x);
	int rc = numbers_read((struct view){ rest, size - skipped }, "input", *column ? column : NULL, MOST,
			      &x, &err);
	require(rc == 0 ? err.code == 0 : err.code == rc && *err.text && *err.place);
	require(x.n <= MOST);
	for (size_t i = 0; i < x.n; i++)
		require(!isinf(x.values[i]));
	numbers_fini(&x);
	struct numbers_columns all;
	struct err why = { 0 };
	numbers_columns_init(&all);
	rc = numbers_read_columns((struct view){ rest, size - skipped }, "input", *column ? column : "all",
				  MOST, &all, &why);
	require(rc == 0 ? why.code == 0 && all.n > 0 : why.code == rc && *why.text && *why.place);
	numbers_columns_fini(&all);
	free(column);
	free(rest);
	return 0;
}
