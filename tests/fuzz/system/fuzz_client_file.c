/* Any bytes as a client file that a former run has left, and the past that comes of it. */
#include "../../../src/system/client_files_impl.h"

#include <stdlib.h>

static void require(bool ok)
{
	if (!ok)
		abort();
}

struct seen {
	wall_ns now;
	uint32_t n;
	struct buf text;
};

static void look(void *arg, const struct past_entry *e)
{
	struct seen *s = arg;
	require(e->t >= 0 && e->n > 0 && e->cpu_percent >= 0 && e->cpu_percent <= 100);
	s->n++;
	client_put_past(&s->text, e, e->mono >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char boot[] = "4f5c0c2a-1111-2222-3333-444455556666";
	struct past_entry out[64];
	struct seen seen = { .now = INT64_C(1795878000) * NS_PER_S };
	uint32_t n = 0;
	struct json_doc doc;
	struct past *past = malloc(sizeof(*past));
	require(past != NULL);
	past_init(past, 24 * 3600 * NS_PER_S);
	json_doc_init(&doc);
	buf_init(&seen.text);
	client_parse(&doc, (struct view){ (const char *)data, size }, NULL, out, 64, &n);
	client_parse(&doc, (struct view){ (const char *)data, size }, boot, out, 64, &n);
	require(n <= 64);
	for (uint32_t i = 0; i < n; i++)
		past_restore(past, &out[i], seen.now);
	past_each(past, look, &seen);
	require(seen.n == past_count(past) && !seen.text.failed);
	buf_fini(&seen.text);
	json_doc_fini(&doc);
	free(past);
	return 0;
}
