/* The façade: options, open, append, tickets, statistics. What crosses threads lies in queue.c, reader.c and
 * deliver.c. */
#include "impl.h"

#include <errno.h>
#include <stdlib.h>

int store_kind_index(const struct store *s, const struct store_kind *kind)
{
	for (size_t i = 0; i < s->n_kinds; i++)
		if (s->kinds[i] == kind)
			return (int)i;
	return -1;
}

bool store_is_durable(const struct store *s)
{
	return s->durable;
}

const char *store_path(const struct store *s)
{
	return s->durable ? s->file.path : "";
}

/* --- writing
 * ------------------------------------------------------------------------------------------------ */

static int put_record(struct store *s, struct op_head *head, const struct store_value *values,
		      enum store_weight weight)
{
	int rc;
	char *p = queue_reserve(&s->queue, head->len, weight, false, &rc);
	if (!p)
		return rc;
	p = head_put(p, head);
	for (uint8_t i = 0; i < head->n; i++)
		p = value_put(p, &values[i]);
	queue_publish(&s->queue, head->len, weight, false, STORE_DETAIL_NS);
	return 0;
}

int store_append(struct store *s, const struct store_kind *kind, wall_ns t, const struct store_value *values,
		 enum store_weight weight)
{
	int k = store_kind_index(s, kind);
	if (k < 0)
		return ERR_UNKNOWN;
	if (s->closing)
		return ERR_CLOSED;
	if (s->durable) {
		size_t size = sizeof(struct op_head) + values_size(values, kind->n_columns);
		struct op_head head = { .len = (uint32_t)size, .op = OP_RECORD, .kind = (uint8_t)k };
		head.n = (uint8_t)kind->n_columns;
		head.id = s->next_id[k];
		head.t = t;
		int rc = size > UINT32_MAX / 2 ? ERR_RANGE : put_record(s, &head, values, weight);
		if (rc < 0)
			return rc;
	}
	s->next_id[k]++;
	return 0;
}

void store_commit(struct store *s, struct store_ticket *ticket)
{
	if (s->closing)
		store_answer(s, ticket, ticket, ERR_CLOSED);
	else if (!s->durable)
		store_answer(s, ticket, ticket, 0);
	else
		queue_ticket(&s->queue, ticket);
}

/* A small operation with an optional payload of bytes. They must not get lost behind detail. */
static int put_op(struct store *s, struct op_head *head, const void *payload, size_t size)
{
	int rc;
	if (!s->durable || s->closing)
		return s->closing ? ERR_CLOSED : 0;
	head->len = (uint32_t)(sizeof(*head) + size);
	char *p = queue_reserve(&s->queue, head->len, STORE_MUST, false, &rc);
	if (!p)
		return rc;
	p = head_put(p, head);
	if (size)
		memcpy(p, payload, size);
	queue_publish_op(&s->queue, head->len, STORE_DETAIL_NS);
	return 0;
}

void store_trim(struct store *s, const struct store_kind *kind, wall_ns before, int64_t keep)
{
	int k = store_kind_index(s, kind);
	if (k < 0)
		return;
	struct op_head head = { .op = OP_TRIM, .kind = (uint8_t)k, .t = before, .id = keep };
	put_op(s, &head, NULL, 0); /* refused by a full queue: the caller's timer comes again */
}

static int column_of(const struct store_kind *kind, const char *name)
{
	for (size_t i = 0; i < kind->n_columns; i++)
		if (strcmp(kind->columns[i].name, name) == 0)
			return (int)i;
	return -1;
}

int store_delete(struct store *s, const struct store_kind *kind, const char *column,
		 const struct store_value *value)
{
	int k = store_kind_index(s, kind), c = column ? column_of(kind, column) : UINT8_MAX;
	if (k < 0 || c < 0)
		return ERR_UNKNOWN;
	struct op_head head = { .op = OP_DELETE, .kind = (uint8_t)k, .flags = (uint8_t)c, .n = 1 };
	size_t size = value_size(value);
	char small[256], *bytes = size <= sizeof(small) ? small : malloc(size);
	if (!bytes)
		return -ENOMEM;
	value_put(bytes, value);
	int rc = put_op(s, &head, bytes, size);
	if (bytes != small)
		free(bytes);
	return rc;
}

int store_update(struct store *s, const struct store_kind *kind, int64_t id, const char *const *columns,
		 const struct store_value *values, size_t n)
{
	int k = store_kind_index(s, kind);
	if (k < 0)
		return ERR_UNKNOWN;
	if (n == 0 || n > kind->n_columns)
		return ERR_RANGE;
	for (size_t i = 0; i < n; i++)
		if (column_of(kind, columns[i]) < 0)
			return ERR_UNKNOWN;
	struct op_head head = { .op = OP_UPDATE, .kind = (uint8_t)k, .n = (uint8_t)n, .id = id };
	size_t size = n + values_size(values, n);
	char *bytes = malloc(size), *p = bytes;
	if (!bytes)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		*p++ = (char)column_of(kind, columns[i]);
		p = value_put(p, &values[i]);
	}
	int rc = put_op(s, &head, bytes, size);
	free(bytes);
	return rc;
}

/* --- options and statistics
 * ---------------------------------------------------------------------------------- */

static void normalise(struct store_options *opt)
{
	if (opt->queue_bytes == 0)
		opt->queue_bytes = STORE_QUEUE_BYTES;
	if (opt->sample_flush_ms <= 0)
		opt->sample_flush_ms = STORE_FLUSH_MS;
}

void store_set_options(struct store *s, const struct store_options *opt)
{
	s->opt = *opt;
	normalise(&s->opt);
	s->opt.dir = NULL; /* the caller's string; the path was copied */
}

void store_reconfigure(struct store *s, const struct store_options *opt)
{
	struct op_head head = { .op = OP_CONFIGURE };
	store_set_options(s, opt);
	if (!s->durable)
		return;
	queue_set_limit(&s->queue, s->opt.queue_bytes);
	put_op(s, &head, &s->opt, sizeof(s->opt));
}

void store_chores_now(struct store *s)
{
	struct op_head head = { .op = OP_CHORES };
	put_op(s, &head, NULL, 0);
}

int store_adopt(struct store *s)
{
	struct op_head head = { .op = OP_ADOPTED };
	int rc = conn_open(&s->load, s->file.path);
	if (rc == 0)
		rc = known_load(&s->known, s->load.db);
	conn_close(&s->load);
	if (rc < 0)
		return rc;
	uv_mutex_lock(&s->lock);
	for (size_t i = 0; i < s->n_kinds; i++)
		if (s->adopt_id[i] >= s->next_id[i])
			s->next_id[i] = s->adopt_id[i] + 1;
	uv_mutex_unlock(&s->lock);
	return put_op(s, &head, NULL, 0);
}

void store_get_stats(const struct store *s, struct store_stats *out)
{
	struct store *m = (struct store *)s; /* locks are not part of what a reader may not change */
	uv_mutex_lock(&m->lock);
	*out = s->published;
	uv_mutex_unlock(&m->lock);
	if (!s->durable) {
		out->state = STORE_NONE;
		out->state_text = "memory only";
		return;
	}
	queue_stats(&m->queue, out);
}

int64_t store_last_id(const struct store *s, const struct store_kind *kind)
{
	int k = store_kind_index(s, kind);
	return k < 0 ? 0 : s->open_id[k];
}

wall_ms store_newest_sample(const struct store *s)
{
	return s->known.newest;
}

int64_t store_next_id(const struct store *s, const struct store_kind *kind)
{
	int k = store_kind_index(s, kind);
	return k < 0 ? 0 : s->next_id[k];
}
