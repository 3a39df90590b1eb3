/* TCP sockets by state. The kernel is asked over its socket monitor, so this tells of the running machine only, never of a folder of files. */
#include "collector.h"

#include "os/connections.h"

#include <errno.h>

#define STATE(label_) GAUGE_OF("system.tcp.sockets", 0, "", "TCP sockets, by state.", "state", label_)

static const struct metric metrics[CONNECTION_STATES] = {
#define X(name, label, number) STATE(label),
	CONNECTION_STATE_MAP(X)
#undef X
};

struct connections_state {
	uint32_t columns[CONNECTION_STATES];
	struct connections now;
};

static int connections_init_state(void *state, struct columns *columns)
{
	struct connections_state *s = state;
	(void)columns;
	columns_unmake(s->columns, CONNECTION_STATES);
	return 0;
}

static int connections_collect(void *state, struct collect *c)
{
	struct connections_state *s = state;
	if (strcmp(c->opt->proc, "/proc") != 0)
		return -ENOENT;
	int rc = connections_read(c->text, &s->now);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < CONNECTION_STATES; i++)
		columns_put(c->columns, &s->columns[i], &metrics[i], (double)s->now.state[i]);
	c->sample->close_wait_front = (int64_t)s->now.close_wait_front;
	c->sample->close_wait_back = (int64_t)s->now.close_wait_back;
	return 0;
}

const struct collector_type connections_collector = {
	.name = "connections",
	.state_size = sizeof(struct connections_state),
	.init = connections_init_state,
	.read = connections_collect,
};
