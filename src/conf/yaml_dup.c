#include "yaml_dup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static int by_place(const struct yaml_node *a, const struct yaml_node *b)
{
	if (a->key_line != b->key_line)
		return a->key_line < b->key_line ? -1 : 1;
	return a->key_column < b->key_column ? -1 : a->key_column > b->key_column;
}

static int by_key(const void *pa, const void *pb)
{
	const struct yaml_node *a = *(const struct yaml_node *const *)pa,
			       *b = *(const struct yaml_node *const *)pb;
	size_t len = a->key.len < b->key.len ? a->key.len : b->key.len;
	int rc = len ? memcmp(a->key.data, b->key.data, len) : 0;
	if (rc == 0 && a->key.len != b->key.len)
		rc = a->key.len < b->key.len ? -1 : 1;
	return rc ? rc : by_place(a, b);
}

static int fail_duplicate(const struct yaml_node *first, const struct yaml_node *second, const char *name,
			  struct err *err)
{
	char place[256];
	snprintf(place, sizeof(place), "%s:%u:%u", name, second->key_line, second->key_column);
	int len = second->key.len > 80 ? 80 : (int)second->key.len;
	return err_set(err, ERR_DUPLICATE, place,
		       "the key \"%.*s\" on line %u stands already on line %u; keep one", len,
		       second->key.data, second->key_line, first->key_line);
}

int yaml_check_duplicates(const struct yaml_node *map, const char *name, struct arena *arena, struct err *err)
{
	if (map->n < 2)
		return 0;
	const struct yaml_node **sorted = arena_alloc(arena, map->n * sizeof(const struct yaml_node *));
	if (!sorted)
		return err_set(err, -ENOMEM, name, "out of memory");
	size_t n = 0, found = 0;
	for (const struct yaml_node *m = map->child; m; m = m->next)
		sorted[n++] = m;
	qsort(sorted, n, sizeof(sorted[0]), by_key);
	for (size_t i = 1; i < n; i++)
		if (view_eq(sorted[i - 1]->key, sorted[i]->key) &&
		    (!found || by_place(sorted[i], sorted[found]) < 0))
			found = i;
	return found ? fail_duplicate(sorted[found - 1], sorted[found], name, err) : 0;
}
