/* Output: straight to the descriptor; what the kernel does not take waits for the socket to become writable.
 */
#include "http_impl.h"

#include <errno.h>

static int output_gather(const struct http_request *r, struct iovec iov[2])
{
	int n = 0;
	if (r->out_pos < r->out.len)
		iov[n++] = (struct iovec){ r->out.data + r->out_pos, r->out.len - r->out_pos };
	if (r->tail_pos < r->tail.len)
		iov[n++] = (struct iovec){ (char *)r->tail.data + r->tail_pos, r->tail.len - r->tail_pos };
	return n;
}

static void output_taken(struct http_request *r, size_t n)
{
	size_t from_out = r->out.len - r->out_pos;
	if (from_out > n)
		from_out = n;
	r->out_pos += from_out;
	r->tail_pos += n - from_out;
	if (r->out_pos == r->out.len) {
		buf_clear(&r->out);
		r->out_pos = 0;
	}
	if (r->tail_pos == r->tail.len) {
		r->tail = (struct view){ 0 };
		r->tail_pos = 0;
	}
}

int http_output_flush(struct http_conn *c)
{
	struct http_request *r = c->r;
	struct iovec iov[2];

	if (r && r->out.failed)
		return -ENOMEM;
	while (r && http_output_pending(r)) {
		ssize_t n = c->io->write(c, iov, output_gather(r, iov));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK ? 1 : -errno;
		c->progress = true;
		c->server->stats.bytes_out += (uint64_t)n;
		output_taken(r, (size_t)n);
	}
	return 0;
}
