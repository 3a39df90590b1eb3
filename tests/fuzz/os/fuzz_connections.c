/* Any bytes as a datagram of the kernel's socket monitor. */
#include "os/connections.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct connections c;
	char *copy = malloc(size ? size : 1);
	if (!copy)
		return 0;
	if (size)
		memcpy(copy, data, size);
	connections_init(&c);
	if (connections_parse((struct view){ copy, size }, &c) > 1)
		abort();
	if (c.close_wait_front + c.close_wait_back != c.state[CONNECTION_CLOSE_WAIT])
		abort();
	free(copy);
	return 0;
}
