/* Series for tests: noise that is the same everywhere, and series beside the checkout. */
#ifndef AUSPEX_TESTS_DETECT_SERIES_H
#define AUSPEX_TESTS_DETECT_SERIES_H

#include "base/json.h"
#include "support.h"

#include <math.h>
#include <stdlib.h>

struct noise {
	uint64_t state;
};

static inline double uniform(struct noise *n)
{
	n->state ^= n->state << 13;
	n->state ^= n->state >> 7;
	n->state ^= n->state << 17;
	return ((double)(n->state >> 11) + 0.5) / 9007199254740992.0;
}

static inline double gauss(struct noise *n)
{
	return sqrt(-2 * log(uniform(n))) * cos(6.283185307179586 * uniform(n));
}

static inline struct noise noise_of(uint64_t seed)
{
	struct noise n = { 88172645463325252ULL + seed * 7919ULL };
	for (int i = 0; i < 20; i++)
		uniform(&n);
	return n;
}

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
