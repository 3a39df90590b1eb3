#include "os/connections.h"

#include "base/err.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#define DATAGRAM_ROOM (64u * 1024)

static int state_of(unsigned number)
{
	switch (number) {
#define X(name, label, n)                                                                                    \
	case n:                                                                                              \
		return CONNECTION_##name;
		CONNECTION_STATE_MAP(X)
#undef X
	default:
		return -1;
	}
}

void connections_init(struct connections *c)
{
	memset(c, 0, sizeof(*c));
}

static void count(const struct inet_diag_msg *m, struct connections *c)
{
	int state = state_of(m->idiag_state);
	unsigned port = ntohs(m->id.idiag_sport);
	if (state < 0)
		return;
	c->state[state]++;
	if (state == CONNECTION_LISTEN)
		c->listening[port / 8] |= (uint8_t)(1u << port % 8);
	else if (state == CONNECTION_CLOSE_WAIT && c->listening[port / 8] & 1u << port % 8)
		c->close_wait_front++;
	else if (state == CONNECTION_CLOSE_WAIT)
		c->close_wait_back++;
}

static int error_of(struct view body)
{
	int32_t code;
	if (body.len < sizeof(code))
		return ERR_CORRUPT;
	memcpy(&code, body.data, sizeof(code));
	return code < 0 && code > -4096 ? code : ERR_CORRUPT;
}

int connections_parse(struct view datagram, struct connections *c)
{
	struct nlmsghdr head;
	while (datagram.len >= sizeof(head)) {
		memcpy(&head, datagram.data, sizeof(head));
		if (head.nlmsg_len < sizeof(head) || head.nlmsg_len > datagram.len)
			return ERR_CORRUPT;
		struct view body = { datagram.data + NLMSG_HDRLEN, head.nlmsg_len - NLMSG_HDRLEN };
		struct inet_diag_msg m;
		if (head.nlmsg_type == NLMSG_DONE)
			return 1;
		if (head.nlmsg_type == NLMSG_ERROR)
			return error_of(body);
		if (head.nlmsg_type == TCPDIAG_GETSOCK || head.nlmsg_type == SOCK_DIAG_BY_FAMILY) {
			if (body.len < sizeof(m))
				return ERR_CORRUPT;
			memcpy(&m, body.data, sizeof(m));
			count(&m, c);
		}
		size_t step = NLMSG_ALIGN(head.nlmsg_len);
		step = step < datagram.len ? step : datagram.len;
		datagram.data += step;
		datagram.len -= step;
	}
	return datagram.len ? ERR_CORRUPT : 0;
}

/* The older form of the request walks the kernel's table once for both families, where the newer one walks it once for each. */
static int ask(int fd)
{
	struct {
		struct nlmsghdr head;
		struct inet_diag_req body;
	} request = {
		.head = { .nlmsg_len = sizeof(request),
			  .nlmsg_type = TCPDIAG_GETSOCK,
			  .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.body = { .idiag_family = AF_INET },
	};
#define X(name, label, number) request.body.idiag_states |= 1u << number;
	CONNECTION_STATE_MAP(X)
#undef X
	return send(fd, &request, sizeof(request), 0) == (ssize_t)sizeof(request) ? 0 : -errno;
}

/* The kernel has its answer ready when it is asked for it: nothing here waits. */
static int take_answer(int fd, struct buf *text, struct connections *c)
{
	for (;;) {
		ssize_t n = recv(fd, text->data, DATAGRAM_ROOM, MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : ERR_CORRUPT;
		int rc = connections_parse((struct view){ text->data, (size_t)n }, c);
		if (rc != 0)
			return rc < 0 ? rc : 0;
	}
}

int connections_read(struct buf *text, struct connections *c)
{
	connections_init(c);
	buf_clear(text);
	if (buf_reserve(text, DATAGRAM_ROOM) < 0)
		return -ENOMEM;
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	if (fd < 0)
		return errno == EPROTONOSUPPORT ? -ENOENT : -errno;
	int rc = ask(fd);
	if (rc == 0)
		rc = take_answer(fd, text, c);
	close(fd);
	return rc;
}
