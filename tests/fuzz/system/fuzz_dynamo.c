/* What a service that calls itself DynamoDB answers, and what comes back out of the spool. What is checked: no crash, no leak, indexes within what was
 * sent, and that requests made of it are JSON again. */
#include "../../../src/system/dynamo_document.h"
#include "../../../src/system/dynamo_error.h"
#include "../../../src/system/dynamo_legacy.h"

#include "base/json.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_left(void *arg, size_t index)
{
	if (index >= *(size_t *)arg)
		abort();
}

static void read_all(struct view text)
{
	static const char sent[] = "{\"hostname_hour\":{\"S\":\"h\"},\"minute_timestamp\":{\"N\":\"60\"}}";
	struct view items[] = { VIEW(sent), text };
	size_t n = 2;
	struct dynamo_table_state table;
	struct dynamo_minute_key key;
	bool found;
	double seen;
	dynamo_read_table(text, &table);
	dynamo_read_system(text, &found, &seen);
	dynamo_read_minute_key(text, &key);
	dynamo_read_unprocessed(text, items, n, on_left, &n);
}

static void judge(struct view text)
{
	static const int statuses[] = { 200, 400, 503 };
	struct dynamo_fault f;
	for (size_t i = 0; i < 3; i++) {
		struct http_answer a = { .status = statuses[i], .body = text };
		dynamo_fault_read(&f, &a, "PutItem", "http://x/");
		if (f.verdict >= DYNAMO_VERDICTS || (f.verdict == DYNAMO_OK) != (f.text[0] == '\0'))
			abort();
	}
}

static void write_legacy(struct view text)
{
	struct buf out;
	struct json_doc doc;
	struct err err;
	buf_init(&out);
	json_doc_init(&doc);
	dynamo_legacy_write_batch(&out, "t", DYNAMO_FORM_ID_NUMBER, &text, 1, VIEW("host"), 0);
	if (!out.failed && json_parse_all(&doc, out.data, out.len, 0, &err) < 0)
		abort();
	json_doc_fini(&doc);
	buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view text = { (const char *)data, size };
	if (size > 16384)
		return 0;
	read_all(text);
	judge(text);
	write_legacy(text);
	return 0;
}
