/* What comes and goes: cores, disks, interfaces, file systems. Each instance has a name, the same metrics as its kin, and a state of its own.
 *
 *     instances_begin(&s->disks);
 *     while (disk_next(&text, &d)) {
 *         struct instance *i = instances_see(&s->disks, d.name);
 *         if (i) { struct disk *before = instance_state(i); … instance_set(&s->disks, i, c->columns, DISK_READS, rate); }
 *     }
 *     instances_end(&s->disks, c->columns);          // who was not seen is forgotten; its columns serve the next one
 *
 * The kernel lists things in the same order again and again, so each is found where the last one ended. The number is bounded; what comes past the
 * bound is counted and left out.
 */
#ifndef AUSPEX_SYSTEM_INSTANCES_H
#define AUSPEX_SYSTEM_INSTANCES_H

#include "columns.h"
#include "conf/option.h"

#define INSTANCE_NAME_MAX 192

struct instances_type {
	const struct metric *metrics;
	uint32_t n_metrics;
	const char *label; /* "disk" */
	size_t state_size; /* of one instance; zeroed when it comes */
	uint32_t max;
	void (*gone)(void *state); /* gives back what a state holds; may be NULL */
};
struct instance {
	uint32_t round;    /* when last seen */
	bool known;        /* seen before this round: its state holds an earlier reading */
	uint32_t *columns; /* n_metrics */
	char name[INSTANCE_NAME_MAX];
	uint16_t name_len;
};
struct instances {
	const struct instances_type *type;
	struct instance **items;
	uint32_t n, cap, next, round;
	uint32_t left_out; /* in this round */
};

void instances_init(struct instances *s, const struct instances_type *type);
void instances_fini(struct instances *s);
void instances_begin(struct instances *s);
/* The instance of that name, added if it is new; NULL past the bound, for a name too long, or without memory. Its columns are made by the first
 * instance_set of each. */
struct instance *instances_see(struct instances *s, struct view name);
void instances_end(struct instances *s, struct columns *columns);
/* Is it worth a place? Passed over are names that match a pattern of the list. */
bool instances_skip(const struct option_list *patterns, struct view name);
/* state_size bytes. */
void *instance_state(struct instance *i);
void instance_set(struct instances *s, struct instance *i, struct columns *columns, uint32_t metric,
		  double value);

#endif
