/* Any bytes as a moment of the history; what can be read reads back the same. */
#include "../../../src/system/process_record.h"

#include <stdlib.h>

static void require(bool ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view rest = { (const char *)data, size };
	struct process_record r, again;
	struct buf bytes;
	buf_init(&bytes);
	while (process_record_take(&rest, &r) == 1) {
		require(r.pid >= 0 && r.seen >= 0 && r.cpu_percent >= 0);
		buf_clear(&bytes);
		process_record_put(&bytes, &r);
		struct view back = { bytes.data, bytes.len };
		require(process_record_take(&back, &again) == 1 && back.len == 0);
		require(again.pid == r.pid && again.seen == r.seen && again.rss_bytes == r.rss_bytes);
	}
	buf_fini(&bytes);
	return 0;
}
