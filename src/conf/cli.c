#include "conf/cli.h"

#include "option_impl.h"

#include <stdio.h>

struct scan {
	const struct cli_flag *flags;
	size_t n_flags;
	const struct option_section *sections;
	size_t n_sections;
	int argc, at; /* `at` is the next word to look at */
	char **argv;
	struct arena *arena;
	struct err *err;
};

/* What a name stands for: one of the two, or neither. */
struct found {
	const struct cli_flag *flag;
	const struct option_section *section;
	const struct option *row;
	bool negated;
};

/* `--retry_max_runs` is what a user means who has just copied the key from the file. */
static bool same_name(struct view given, const char *name)
{
	if (given.len != strlen(name))
		return false;
	for (size_t i = 0; i < given.len; i++)
		if ((given.data[i] == '_' ? '-' : given.data[i]) != name[i])
			return false;
	return true;
}

static bool find_exact(const struct scan *s, struct view name, struct found *out)
{
	char full[OPTION_NAME_MAX];
	for (size_t i = 0; i < s->n_flags; i++) {
		if (same_name(name, s->flags[i].name)) {
			out->flag = &s->flags[i];
			return true;
		}
	}
	for (size_t i = 0; i < s->n_sections; i++) {
		const struct option_table *table = s->sections[i].table;
		for (size_t k = 0; k < table->n; k++) {
			option_flag_name(table->section, &table->rows[k], full);
			if (!same_name(name, full))
				continue;
			out->section = &s->sections[i];
			out->row = &table->rows[k];
			return true;
		}
	}
	return false;
}

static bool is_negated(struct view name)
{
	return name.len > 3 && memcmp(name.data, "no-", 3) == 0;
}

/* False with a row or flag set: the name exists, but `no-` does not fit it. */
static bool find_name(const struct scan *s, struct view name, struct found *out)
{
	*out = (struct found){ 0 };
	if (find_exact(s, name, out))
		return true;
	if (!is_negated(name))
		return false;
	out->negated = true;
	return find_exact(s, (struct view){ name.data + 3, name.len - 3 }, out) &&
	       (out->row ? out->row->type == OPT_T_BOOL : !out->flag->arg);
}

static void add_name(const char **names, size_t *n, const char *name)
{
	if (name)
		names[(*n)++] = name;
}

/* Every long name, in the arena; NULL when that is full. */
static const char **all_names(const struct scan *s, size_t *n)
{
	size_t most = s->n_flags + 1;
	for (size_t i = 0; i < s->n_sections; i++)
		most += s->sections[i].table->n;
	const char **names = arena_alloc(s->arena, most * sizeof(*names));
	*n = 0;
	for (size_t i = 0; names && i < s->n_flags; i++)
		add_name(names, n, s->flags[i].name);
	for (size_t i = 0; names && i < s->n_sections; i++) {
		const struct option_table *table = s->sections[i].table;
		for (size_t k = 0; k < table->n; k++) {
			char full[OPTION_NAME_MAX];
			if (table->rows[k].flags & OPT_HIDDEN)
				continue;
			option_flag_name(table->section, &table->rows[k], full);
			add_name(names, n, arena_strdup(s->arena, full));
		}
	}
	return names;
}

/* Who abbreviates means the first option that begins so. */
static const char *first_with_prefix(struct view name, const char *const *names, size_t n)
{
	for (size_t i = 0; name.len >= 3 && i < n; i++)
		if (strncmp(names[i], name.data, name.len) == 0)
			return names[i];
	return NULL;
}

static int fail_unknown(const struct scan *s, struct view name)
{
	size_t n;
	const char **names = all_names(s, &n);
	struct view bare = is_negated(name) ? (struct view){ name.data + 3, name.len - 3 } : name;
	const char *no = is_negated(name) ? "no-" : "";
	const char *near = names ? text_nearest(bare, names, n) : NULL;
	if (!near && names)
		near = first_with_prefix(bare, names, n);
	int len = name.len > 80 ? 80 : (int)name.len;
	if (near)
		return err_set(s->err, ERR_UNKNOWN, NULL, "unknown option --%.*s: did you mean --%s%s?", len,
			       name.data, no, near);
	return err_set(s->err, ERR_UNKNOWN, NULL, "unknown option --%.*s; --help lists the known ones", len,
		       name.data);
}

static int fail_negated(const struct scan *s, struct view name)
{
	int len = (int)name.len - 3;
	return err_set(s->err, ERR_UNKNOWN, NULL,
		       "unknown option --%.*s: --%.*s takes a value, write --%.*s VALUE", len + 3, name.data,
		       len, name.data + 3, len, name.data + 3);
}

/* `label` is how the option was written, without its argument: "--config" or "-c". */
static int take_argument(struct scan *s, const char *label, const char *kind, const char *inlined,
			 const char **out)
{
	*out = inlined ? inlined : s->at < s->argc ? s->argv[s->at++] : NULL;
	if (!*out)
		return err_set(s->err, ERR_MISSING, label, "%s needs an argument; write %s %s", label, label,
			       kind);
	return 0;
}

static int set_flag(struct scan *s, const struct cli_flag *flag, const char *label, const char *inlined,
		    bool negated)
{
	if (flag->arg)
		return take_argument(s, label, flag->arg, inlined, flag->value);
	if (inlined)
		return err_set(s->err, ERR_SYNTAX, label, "%s takes no argument; write %s alone", label,
			       label);
	*flag->value = negated ? NULL : "";
	return 0;
}

static int set_option(struct scan *s, const struct found *f, const char *label, const char *inlined)
{
	struct option_target t = {
		f->section->table->section, f->row, f->section->values, label, s->arena, s->err
	};
	const char *value = f->negated ? "false" : "true";
	if (f->negated && inlined)
		return err_set(s->err, ERR_SYNTAX, label, "%s takes no argument; write %s alone", label,
			       label);
	if (f->row->type == OPT_T_BOOL)
		return option_assign(&t, view_of(inlined ? inlined : value));
	int rc = take_argument(s, label, "VALUE", inlined, &value);
	return rc < 0 ? rc : option_assign(&t, view_of(value));
}

static int parse_long(struct scan *s, const char *word)
{
	struct found f;
	struct view name = { word + 2, strcspn(word + 2, "=") };
	const char *inlined = name.data[name.len] == '=' ? name.data + name.len + 1 : NULL;
	char label[OPTION_NAME_MAX + 8];
	if (!find_name(s, name, &f))
		return f.row || f.flag ? fail_negated(s, name) : fail_unknown(s, name);
	snprintf(label, sizeof(label), "--%.*s", (int)name.len, name.data);
	return f.flag ? set_flag(s, f.flag, label, inlined, f.negated) : set_option(s, &f, label, inlined);
}

static const struct cli_flag *find_letter(const struct scan *s, char letter)
{
	for (size_t i = 0; i < s->n_flags; i++)
		if (s->flags[i].letter == letter)
			return &s->flags[i];
	return NULL;
}

/* "-vj", "-cFILE", "-c FILE". */
static int parse_letters(struct scan *s, const char *word)
{
	for (const char *p = word + 1; *p; p++) {
		const char label[] = { '-', *p, 0 };
		const struct cli_flag *flag = find_letter(s, *p);
		struct found f;
		if (!flag && p == word + 1 && find_name(s, view_of(p), &f))
			return err_set(s->err, ERR_UNKNOWN, NULL, "unknown option %s: did you mean -%s?",
				       word, word);
		if (!flag)
			return err_set(s->err, ERR_UNKNOWN, NULL,
				       "unknown option %s; --help lists the known ones", label);
		int rc = set_flag(s, flag, label, flag->arg && p[1] ? p + 1 : NULL, false);
		if (rc < 0 || flag->arg)
			return rc;
	}
	return 0;
}

int cli_parse(const struct cli_flag *flags, size_t n_flags, const struct option_section *sections,
	      size_t n_sections, int argc, char **argv, const char **words, size_t *n_words,
	      struct arena *arena, struct err *err)
{
	struct scan s = { flags, n_flags, sections, n_sections, argc, 1, argv, arena, err };
	bool ended = false;
	int rc = 0;
	*n_words = 0;
	while (rc == 0 && s.at < argc) {
		const char *word = argv[s.at++];
		if (ended || word[0] != '-' || word[1] == 0)
			words[(*n_words)++] = word;
		else if (strcmp(word, "--") == 0)
			ended = true;
		else if (word[1] == '-')
			rc = parse_long(&s, word);
		else
			rc = parse_letters(&s, word);
	}
	return rc;
}
