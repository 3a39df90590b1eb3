#include "base/mask.h"

bool mask_secrets(struct view text, struct buf *out)
{
	(void)text;
	(void)out;
	return false;
}

bool mask_key_is_secret(struct view key)
{
	(void)key;
	return false;
}
