/* A run's document: decoded, packed, unpacked and written it must stay the same run, as valid JSON. */
#include "retry/run.h"

#include "../../../src/retry/run_pack.h"

#include <stdlib.h>

static void write_metrics(const struct run *run, struct buf *out)
{
	struct jw w = jw_init(out, JW_COMPACT | JW_GO_ESCAPE);
	run_write(&w, run);
}

static bool same(const struct buf *a, const struct buf *b)
{
	return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json_doc doc, again;
	struct arena arena;
	struct err err = { 0 };
	struct run run, back, reread;
	struct buf first, second, third;
	size_t used;

	json_doc_init(&doc);
	json_doc_init(&again);
	arena_init(&arena, 0);
	buf_init(&first);
	buf_init(&second);
	buf_init(&third);
	if (json_parse(&doc, (const char *)data, size, 0, &used) < 0 ||
	    run_decode(&doc, 0, size & 1, &arena, &run, &err) < 0)
		goto out;

	run.stored_at = INT64_C(1795378244265354522);
	unsigned char *packed = malloc(run_pack_bound(&run));
	if (!packed || run_pack(&run, packed) > run_pack_bound(&run) || run_unpack(packed, &arena, &back) < 0)
		abort();
	back.stored_at = run.stored_at;
	back.command = run.command;
	write_metrics(&run, &first);
	write_metrics(&back, &second);
	if (!same(&first, &second))
		abort();
	if (json_parse_all(&again, first.data, first.len, JSON_STRICT, &err) < 0 ||
	    run_decode(&again, json_get(&again, 0, VIEW("metrics")), false, &arena, &reread, &err) < 0)
		abort();
	reread.stored_at = run.stored_at;
	write_metrics(&reread, &third);
	if (!same(&first, &third))
		abort();
	free(packed);
out:
	buf_fini(&first);
	buf_fini(&second);
	buf_fini(&third);
	arena_fini(&arena);
	json_doc_fini(&doc);
	json_doc_fini(&again);
	return 0;
}
