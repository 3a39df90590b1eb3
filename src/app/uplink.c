/* What goes out to others by itself: the outbox, and the upload of the host that fills it. */
#include "app/parts.h"

#include "system/upload.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct uplink {
	struct daemon *d;
	struct outbox *outbox;
	struct upload *upload; /* with the system room */
	void (*cb)(void *arg);
	void *arg;
};

static int start_upload(struct uplink *u)
{
	struct daemon *d = u->d;
	struct upload_deps deps = { .loop = &d->loop,
				    .clock = d->clock,
				    .log = d->log,
				    .hub = d->hub,
				    .outbox = u->outbox,
				    .env = d->source->env,
				    .tell_each = !d->plan->native };
	int rc = upload_new(&u->upload, &deps, &d->plan->settings.upload);
	return rc == 0 ? system_on_sample(d->system, upload_sample, u->upload) : rc;
}

int uplink_start(struct daemon *d)
{
	if (!d->system)
		return 0;
	struct uplink *u = calloc(1, sizeof(*u));
	if (!u)
		return -ENOMEM;
	d->uplink = u;
	u->d = d;
	int rc = outbox_new(&u->outbox, &d->loop, d->store, d->clock, d->log);
	return rc == 0 ? start_upload(u) : rc;
}

void uplink_reconfigure(struct daemon *d, const struct plan *plan)
{
	if (d->uplink)
		upload_reconfigure(d->uplink->upload, &plan->settings.upload);
}

bool uplink_stats(const struct daemon *d, struct upload_stats *out)
{
	if (!d->uplink || !d->uplink->upload)
		return false;
	upload_get_stats(d->uplink->upload, out);
	return out->enabled;
}

static void outbox_closed(void *arg)
{
	struct uplink *u = arg;
	void (*cb)(void *) = u->cb;
	void *cb_arg = u->arg;
	free(u);
	cb(cb_arg);
}

static void upload_closed(void *arg)
{
	struct uplink *u = arg;
	u->upload = NULL;
	if (u->outbox)
		outbox_close(u->outbox, outbox_closed, u);
	else
		outbox_closed(u);
}

void uplink_stop(struct daemon *d, void (*cb)(void *arg), void *arg)
{
	struct uplink *u = d->uplink;
	if (!u) {
		cb(arg);
		return;
	}
	d->uplink = NULL;
	u->cb = cb;
	u->arg = arg;
	if (u->upload)
		upload_close(u->upload, upload_closed, u);
	else
		upload_closed(u);
}
