/* Chunked request bodies, decoded strictly (RFC 9112, 7.1).
 *
 * llhttp 8.1 takes a lone CR for a line end inside the chunked framing, and so may disagree with a proxy
 * about where a message ends; that is what request smuggling is made of. This decoder takes CR LF only.
 * Extensions and trailers are bounded and ignored. Pure.
 */
#ifndef AUSPEX_NET_HTTP_CHUNK_H
#define AUSPEX_NET_HTTP_CHUNK_H

#include "base/buf.h"

#include <stdint.h>

struct http_chunk {
	uint64_t left;     /* bytes of the current chunk */
	uint32_t overhead; /* bytes of the current size line, or of all trailers */
	uint8_t state, digits;
};

void http_chunk_init(struct http_chunk *d);
/* Decodes from `data`, appends to `body` (at most `max` bytes in all). `*used` is how much was consumed. 1 =
 * message complete, 0 = more is needed (all was consumed), ERR_SYNTAX, ERR_FULL (body over `max`) or -ENOMEM.
 */
int http_chunk_feed(struct http_chunk *d, const char *data, size_t len, size_t *used, struct buf *body,
		    size_t max);

#endif
