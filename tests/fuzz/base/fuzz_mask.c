/* Masking: never reads outside, appends nothing when it finds nothing, and grows the text by no more than its
 * marks. */
#include "base/mask.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A copy of the exact size, so that a read past the end is seen. */
static char *copy_of(const uint8_t *data, size_t size)
{
	char *copy = malloc(size ? size : 1);
	if (copy && size)
		memcpy(copy, data, size);
	return copy;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf once, twice;
	char *copy = copy_of(data, size);
	if (!copy)
		return 0;
	buf_init(&once);
	buf_init(&twice);
	mask_key_is_secret((struct view){ copy, size });
	if (mask_secrets((struct view){ copy, size }, &once)) {
		if (once.len < 3 || !memmem(once.data, once.len, "***", 3))
			abort();
		/* A mask replaces at least one byte by three. */
		if (once.len > 3 * size)
			abort();
		mask_secrets((struct view){ once.data, once.len }, &twice);
	} else if (once.len) {
		abort();
	}
	buf_fini(&once);
	buf_fini(&twice);
	free(copy);
	return 0;
}
