#include "impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct item {
	uint32_t bytes; /* of the text behind */
	uint32_t kind;
};

static struct item item_at(const struct ax_queue *q, size_t at)
{
	struct item item;
	memcpy(&item, q->data + at, sizeof(item));
	return item;
}

int ax_queue_init(struct ax_queue *q, size_t cap)
{
	*q = (struct ax_queue){ .data = malloc(cap), .cap = cap };
	return q->data ? 0 : -ENOMEM;
}

void ax_queue_fini(struct ax_queue *q)
{
	free(q->data);
}

/* Drops the oldest until `free_bytes` are free: at least an eighth of all, so that a full queue does not move
 * its content for each new item. */
static void drop_oldest(struct ax_queue *q, size_t free_bytes)
{
	size_t at = 0;
	if (free_bytes < q->cap / 8)
		free_bytes = q->cap / 8;
	while (at < q->len && q->cap - q->len + at < free_bytes) {
		at += sizeof(struct item) + item_at(q, at).bytes;
		q->dropped++;
		q->n--;
	}
	memmove(q->data, q->data + at, q->len - at);
	q->len -= at;
}

char *ax_queue_room(struct ax_queue *q, size_t len)
{
	size_t need = sizeof(struct item) + len;
	if (need > q->cap)
		return NULL;
	if (q->cap - q->len < need)
		drop_oldest(q, need);
	return q->data + q->len + sizeof(struct item);
}

void ax_queue_add(struct ax_queue *q, enum ax_kind kind, size_t len)
{
	struct item item = { (uint32_t)len, kind };
	memcpy(q->data + q->len, &item, sizeof(item));
	q->len += sizeof(item) + len;
	q->n++;
}

static void compose_list(const struct ax_queue *q, enum ax_kind kind, struct ax_text *out)
{
	bool first = true;
	for (size_t at = 0; at < q->len;) {
		struct item item = item_at(q, at);
		at += sizeof(item);
		if (item.kind == (uint32_t)kind) {
			ax_put(out, first ? "" : ",");
			ax_put_bytes(out, q->data + at, item.bytes);
			first = false;
		}
		at += item.bytes;
	}
}

size_t ax_queue_compose(struct ax_queue *q, struct ax_text *out)
{
	size_t n = q->n;
	out->len = 0;
	out->full = false;
	/* A header is longer than a comma: what fitted the queue fits here. */
	ax_put(out, "{\"type\":\"push\",\"runs\":[");
	compose_list(q, AX_RUN, out);
	ax_put(out, "],\"samples\":[");
	compose_list(q, AX_SAMPLE, out);
	ax_put(out, "]}\n");
	q->len = q->n = 0;
	return n;
}
