/* Series for tests: of noise, and those beside the checkout. */
#ifndef AUSPEX_TESTS_DETECT_SERIES_H
#define AUSPEX_TESTS_DETECT_SERIES_H

#include "base/json.h"
#include "noise.h"
#include "support.h"

#include <math.h>
#include <stdlib.h>

/* Reads a JSON array of numbers of the shared folder beside the checkout, or where AUSPEX_SHARED says. 0: it is not there. */
static inline size_t shared_series(const char *name, double *out, size_t cap)
{
	const char *folder = getenv("AUSPEX_SHARED");
	char path[512];
	size_t n = 0;
	snprintf(path, sizeof(path), "%s/%s", folder ? folder : "../shared", name);
	FILE *f = fopen(path, "re");
	if (!f)
		return 0;
	char *text = malloc(1 << 20);
	size_t len = fread(text, 1, 1 << 20, f), used;
	struct json_doc doc;
	json_doc_init(&doc);
	if (json_parse(&doc, text, len, 0, &used) == 0)
		for (json_ref r = json_first(&doc, 0); r != JSON_NONE && n < cap; r = json_next(&doc, 0, r))
			json_double(&doc, r, &out[n++]);
	json_doc_fini(&doc);
	free(text);
	fclose(f);
	return n;
}

#endif
