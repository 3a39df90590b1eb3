/* What a credential process or a metadata service answers. What is checked: no crash, no leak, and that credentials are whole. */
#include "../../../src/net/aws_impl.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct aws_held held = { 0 };
	struct err err = { 0 };
	int rc = aws_document_read((struct view){ (const char *)data, size }, &held, &err);
	if ((rc == 0) != (held.id != NULL) || (rc == 0 && (!*held.id || !held.secret)) ||
	    (rc < 0 && !err.text[0]))
		abort();
	aws_held_clear(&held);
	return 0;
}
