/* Series keys: whatever parses has a canonical form that parses to itself and is no longer than the input. */
#include "series/key.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view text = { (const char *)data, size }, first;
	struct buf once, twice;
	struct err err;

	buf_init(&once);
	buf_init(&twice);
	if (series_key_canonical(text, &once, &err) == 0) {
		first = (struct view){ once.data, once.len };
		require(once.len <= size && once.len > 0);
		require(series_key_canonical(first, &twice, &err) == 0);
		require(view_eq(first, (struct view){ twice.data, twice.len }));
		require(series_key_match(VIEW("*"), first));
	} else {
		require(err.code < 0 && err.place[0] && err.text[0] && once.len == 0);
	}
	for (size_t cut = 0; cut < size && size < 200; cut += 7) /* globs of any text must only end */
		series_key_match((struct view){ text.data, cut },
				 (struct view){ text.data + cut, size - cut });
	buf_fini(&once);
	buf_fini(&twice);
	return 0;
}
