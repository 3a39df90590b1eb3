#include "conf/yaml.h"

#include <stdio.h>

struct yaml_node *yaml_get(const struct yaml_node *map, const char *key)
{
	if (!map || map->type != YAML_MAP)
		return NULL;
	struct view want = view_of(key);
	for (struct yaml_node *m = map->child; m; m = m->next)
		if (view_eq(m->key, want))
			return m;
	return NULL;
}

bool yaml_is_null(const struct yaml_node *node)
{
	static const char *const words[] = { "", "~", "null", "Null", "NULL" };
	if (node->type != YAML_SCALAR || !node->plain)
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (view_eq(node->text, view_of(words[i])))
			return true;
	return false;
}

void yaml_place(const char *name, const struct yaml_node *node, char *out, size_t size)
{
	snprintf(out, size, "%s:%u:%u", name, node->line, node->column);
}
