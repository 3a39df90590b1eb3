#include "option_impl.h"

#include <stdio.h>

#define PREFIX "AUSPEX_"

const char *const option_env_reserved[] = { "AUSPEX_CONFIG", "AUSPEX_STATE_DIR", "AUSPEX_TEST_*", NULL };

static bool is_reserved(struct view name)
{
	for (const char *const *p = option_env_reserved; *p; p++) {
		struct view known = view_of(*p);
		bool prefix = known.len && known.data[known.len - 1] == '*';
		if (prefix && name.len >= known.len - 1 && memcmp(name.data, known.data, known.len - 1) == 0)
			return true;
		if (!prefix && view_eq(name, known))
			return true;
	}
	return false;
}

/* Names the nearest variable; the list lives in the arena, as it is as long as all tables together. */
static int fail_unknown(const struct option_section *sections, size_t n, struct view name,
			struct arena *arena, struct err *err)
{
	size_t total = 0, used = 0;
	for (size_t s = 0; s < n; s++)
		total += sections[s].table->n;
	const char **names = arena_alloc(arena, (total + 1) * sizeof(*names));
	for (size_t s = 0; names && s < n; s++) {
		for (size_t i = 0; i < sections[s].table->n; i++) {
			char full[OPTION_NAME_MAX];
			if (sections[s].table->rows[i].flags & OPT_HIDDEN)
				continue;
			option_env_name(sections[s].table->section, &sections[s].table->rows[i], full);
			names[used] = arena_strdup(arena, full + sizeof(PREFIX) - 1);
			used += names[used] != NULL;
		}
	}
	struct view tail = { name.data + sizeof(PREFIX) - 1, name.len - (sizeof(PREFIX) - 1) };
	const char *near = names ? text_nearest(tail, names, used) : NULL;
	int len = name.len > 80 ? 80 : (int)name.len;
	if (near)
		return err_set(err, ERR_UNKNOWN, "environment", "unknown variable %.*s: did you mean %s%s?",
			       len, name.data, PREFIX, near);
	return err_set(
		err, ERR_UNKNOWN, "environment",
		"unknown variable %.*s: no option has this name; unset it, or see `auspex config default`",
		len, name.data);
}

static int apply_one(const struct option_section *sections, size_t n, struct view name, struct view value,
		     struct arena *arena, struct err *err)
{
	char full[OPTION_NAME_MAX];
	for (size_t s = 0; s < n; s++) {
		const struct option_table *table = sections[s].table;
		for (size_t i = 0; i < table->n; i++) {
			option_env_name(table->section, &table->rows[i], full);
			if (!view_eq(view_of(full), name))
				continue;
			struct option_target t = { table->section, &table->rows[i], sections[s].values,
						   full,           arena,           err };
			return option_assign(&t, value);
		}
	}
	return fail_unknown(sections, n, name, arena, err);
}

int option_apply_env(const struct option_section *sections, size_t n, const char *const *env,
		     struct arena *arena, struct err *err)
{
	for (; *env; env++) {
		const char *equals = strchr(*env, '=');
		if (!equals || strncmp(*env, PREFIX, sizeof(PREFIX) - 1) != 0)
			continue;
		struct view name = { *env, (size_t)(equals - *env) };
		if (is_reserved(name))
			continue;
		int rc = apply_one(sections, n, name, view_of(equals + 1), arena, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}
