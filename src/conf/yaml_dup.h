/* Duplicate keys of one map. */
#ifndef AUSPEX_CONF_YAML_DUP_H
#define AUSPEX_CONF_YAML_DUP_H

#include "conf/yaml.h"

/* 0, or ERR_DUPLICATE naming the first key that stands twice, with both lines; -ENOMEM. O(n log n). */
int yaml_check_duplicates(const struct yaml_node *map, const char *name, struct arena *arena,
			  struct err *err);

#endif
