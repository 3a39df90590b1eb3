#include "net/aws_profile.h"

/* Where a walk over the text stands. */
struct ini_walk {
	struct view rest;
	struct view line; /* without its end */
};

static bool next_line(struct ini_walk *w)
{
	if (!w->rest.len)
		return false;
	const char *end = memchr(w->rest.data, '\n', w->rest.len);
	size_t n = end ? (size_t)(end - w->rest.data) : w->rest.len;
	w->line = (struct view){ w->rest.data, n };
	n += end != NULL;
	w->rest = (struct view){ w->rest.data + n, w->rest.len - n };
	return true;
}

static struct ini_walk walk_of(struct view text)
{
	if (text.len >= 3 && memcmp(text.data, "\xef\xbb\xbf", 3) == 0) /* byte order mark */
		text = (struct view){ text.data + 3, text.len - 3 };
	return (struct ini_walk){ .rest = text };
}

static struct view unquote(struct view v)
{
	if (v.len >= 2 && (v.data[0] == '"' || v.data[0] == '\'') && v.data[v.len - 1] == v.data[0])
		return (struct view){ v.data + 1, v.len - 2 };
	return v;
}

/* The name between the brackets; false when the line begins no section. */
static bool section_of(struct view line, struct view *name)
{
	if (!line.len || line.data[0] != '[')
		return false;
	const char *end = memchr(line.data, ']', line.len);
	if (!end)
		return false;
	*name = view_trim((struct view){ line.data + 1, (size_t)(end - line.data) - 1 });
	return true;
}

static bool section_is(struct view name, enum aws_file kind, struct view profile)
{
	if (kind == AWS_FILE_CREDENTIALS || view_eq(name, VIEW("default")))
		return view_eq(name, profile);
	static const struct view word = VIEW("profile");
	if (name.len <= word.len || memcmp(name.data, word.data, word.len) != 0 ||
	    (name.data[word.len] != ' ' && name.data[word.len] != '\t'))
		return false;
	struct view rest = { name.data + word.len, name.len - word.len };
	return view_eq(unquote(view_trim(rest)), profile);
}

static bool value_of(struct view line, struct view key, struct view *value)
{
	size_t n = 0;
	while (n < line.len && line.data[n] != '=' && line.data[n] != ':')
		n++;
	if (n == line.len || !view_ieq(view_trim((struct view){ line.data, n }), key))
		return false;
	*value = view_trim((struct view){ line.data + n + 1, line.len - n - 1 });
	return true;
}

bool aws_profile_exists(struct view text, enum aws_file kind, const char *profile)
{
	struct view name;
	for (struct ini_walk w = walk_of(text); next_line(&w);)
		if (section_of(w.line, &name) && section_is(name, kind, view_of(profile)))
			return true;
	return false;
}

struct view aws_profile_get(struct view text, enum aws_file kind, const char *profile, const char *key)
{
	struct view found = { NULL, 0 }, name;
	bool inside = false;
	for (struct ini_walk w = walk_of(text); next_line(&w);) {
		char first = w.line.len ? w.line.data[0] : '#';
		if (section_of(w.line, &name))
			inside = section_is(name, kind, view_of(profile));
		else if (inside && first != '#' && first != ';' && first != ' ' && first != '\t')
			value_of(w.line, view_of(key), &found);
	}
	return found;
}
