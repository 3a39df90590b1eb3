/* A shared file of AWS's in every shape. What is checked: no crash, and that a value lies inside the text and on one line. */
#include "net/aws_profile.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(struct view text, enum aws_file kind, const char *profile, const char *key)
{
	struct view v = aws_profile_get(text, kind, profile, key);
	if (!v.data)
		return;
	if (v.data < text.data || v.data + v.len > text.data + text.len ||
	    !aws_profile_exists(text, kind, profile))
		abort();
	if (v.len && memchr(v.data, '\n', v.len))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view text = { (const char *)data, size };
	static const char *const keys[] = { "aws_access_key_id", "region", "credential_process", "" };
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		look(text, AWS_FILE_CREDENTIALS, "default", keys[i]);
		look(text, AWS_FILE_CREDENTIALS, "build", keys[i]);
		look(text, AWS_FILE_CONFIG, "default", keys[i]);
		look(text, AWS_FILE_CONFIG, "two words", keys[i]);
	}
	return 0;
}
