#include "process_rules.h"

static bool is_version(struct view v)
{
	for (size_t i = 0; i < v.len; i++)
		if ((v.data[i] < '0' || v.data[i] > '9') && v.data[i] != '.')
			return false;
	return true;
}

static bool matches(struct view entry, struct view name)
{
	if (!entry.len || name.len < entry.len || !view_ieq(entry, (struct view){ name.data, entry.len }))
		return false;
	return is_version((struct view){ name.data + entry.len, name.len - entry.len });
}

static bool has_python(struct view name)
{
	struct view word = VIEW("python");
	for (size_t i = 0; i + word.len <= name.len; i++)
		if (view_ieq(word, (struct view){ name.data + i, word.len }))
			return true;
	return false;
}

bool process_rules_match(const struct process_rules *rules, struct view comm, struct view base)
{
	if (rules->python && (has_python(comm) || has_python(base)))
		return true;
	for (size_t i = 0; rules->track && i < rules->track->n; i++) {
		struct view entry = view_of(rules->track->items[i]);
		if (matches(entry, comm) || matches(entry, base))
			return true;
	}
	return false;
}
