#include "instances.h"

#include "series/key.h"

#include <math.h>
#include <stdlib.h>

#define ALIGN 16

/* One piece of memory: the instance, its state, its columns. */
static size_t state_offset(void)
{
	return (sizeof(struct instance) + ALIGN - 1) / ALIGN * ALIGN;
}

void *instance_state(struct instance *i)
{
	return (char *)i + state_offset();
}

void instances_init(struct instances *s, const struct instances_type *type)
{
	*s = (struct instances){ .type = type };
}

static void forget(struct instances *s, struct instance *i)
{
	if (s->type->gone)
		s->type->gone(instance_state(i));
	free(i);
}

void instances_fini(struct instances *s)
{
	for (uint32_t i = 0; i < s->n; i++)
		forget(s, s->items[i]);
	free(s->items);
	instances_init(s, s->type);
}

void instances_begin(struct instances *s)
{
	s->round++;
	s->next = 0;
	s->left_out = 0;
}

static struct instance *add(struct instances *s, struct view name)
{
	const struct instances_type *type = s->type;
	if (s->n == type->max || name.len >= INSTANCE_NAME_MAX)
		return NULL;
	if (s->n == s->cap) {
		uint32_t cap = s->cap ? s->cap * 2 : 8;
		struct instance **items = realloc(s->items, cap * sizeof(*items));
		if (!items)
			return NULL;
		s->items = items;
		s->cap = cap;
	}
	size_t columns_at = (state_offset() + type->state_size + ALIGN - 1) / ALIGN * ALIGN;
	struct instance *i = calloc(1, columns_at + type->n_metrics * sizeof(*i->columns));
	if (!i)
		return NULL;
	i->columns = (uint32_t *)((char *)i + columns_at);
	columns_unmake(i->columns, type->n_metrics);
	memcpy(i->name, name.data, name.len);
	i->name_len = (uint16_t)name.len;
	s->items[s->n++] = i;
	return i;
}

static struct instance *find(struct instances *s, struct view name)
{
	for (uint32_t n = 0, at = s->next; n < s->n; n++, at++) {
		if (at >= s->n)
			at = 0;
		struct instance *i = s->items[at];
		if (i->name_len == name.len && memcmp(i->name, name.data, name.len) == 0) {
			s->next = at + 1;
			return i;
		}
	}
	return NULL;
}

struct instance *instances_see(struct instances *s, struct view name)
{
	struct instance *i = find(s, name);
	if (!i)
		i = add(s, name);
	if (!i) {
		s->left_out++;
		return NULL;
	}
	i->known = i->round != 0;
	i->round = s->round;
	return i;
}

void instances_end(struct instances *s, struct columns *columns)
{
	uint32_t kept = 0;
	for (uint32_t at = 0; at < s->n; at++) {
		struct instance *i = s->items[at];
		if (i->round == s->round) {
			s->items[kept++] = i;
			continue;
		}
		for (uint32_t m = 0; m < s->type->n_metrics; m++)
			columns_release(columns, i->columns[m]);
		forget(s, i);
	}
	s->n = kept;
}

bool instances_skip(const struct option_list *patterns, struct view name)
{
	for (size_t i = 0; i < patterns->n; i++)
		if (series_key_match(view_of(patterns->items[i]), name))
			return true;
	return false;
}

void instance_set(struct instances *s, struct instance *i, struct columns *columns, uint32_t metric,
		  double value)
{
	if (i->columns[metric] == COLUMN_UNMADE) {
		if (isnan(value))
			return;
		struct metric_label label = { s->type->label, { i->name, i->name_len } };
		i->columns[metric] = columns_add(columns, &s->type->metrics[metric], &label, 1);
	}
	columns_set(columns, i->columns[metric], value);
}
