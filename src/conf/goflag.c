/* Parsing, step for step as Go's flag.FlagSet.parseOne does it. */
#include "conf/goflag.h"

#include "base/num.h"
#include "base/timefmt.h"
#include "goquote.h"

static struct goflag *find_flag(struct goflag *flags, size_t n, struct view name)
{
	for (size_t i = 0; i < n; i++)
		if (view_eq(view_of(flags[i].name), name))
			return &flags[i];
	return NULL;
}

/* strconv.ParseBool's words, exact case. */
static int parse_bool(struct view text, bool *out)
{
	static const char *const words[] = { "1",     "t",     "T",
					     "TRUE",  "true",  "True", /* then the false ones */
					     "0",     "f",     "F",
					     "FALSE", "false", "False" };
	for (size_t i = 0; i < 12; i++) {
		if (view_eq(text, view_of(words[i]))) {
			*out = i < 6;
			return 0;
		}
	}
	return ERR_SYNTAX;
}

/* Go reads digit by digit and stops at the first trouble: "99999999999999999999x" is out of range, not
 * malformed. */
static bool overflows_first(struct view text)
{
	size_t i = text.len && (text.data[0] == '-' || text.data[0] == '+');
	unsigned base = 10;
	uint64_t value = 0;
	if (text.len > i + 2 && text.data[i] == '0') {
		char mark = (char)(text.data[i + 1] | 0x20);
		base = mark == 'x' ? 16 : mark == 'o' ? 8 : mark == 'b' ? 2 : 8;
		i += base == 8 && mark != 'o' ? 1 : 2;
	}
	for (; i < text.len; i++) {
		char c = text.data[i];
		unsigned digit =
			c >= '0' && c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a') + 10;
		if (c == '_')
			continue;
		if (digit >= base)
			return false;
		if (__builtin_mul_overflow(value, (uint64_t)base, &value) ||
		    __builtin_add_overflow(value, (uint64_t)digit, &value))
			return true;
	}
	return false;
}

static int parse_int(struct view text, int64_t *out)
{
	int rc = num_parse_i64_go(text, out);
	return rc == ERR_SYNTAX && overflows_first(text) ? ERR_RANGE : rc;
}

static int set_value(struct goflag *flag, const char *text)
{
	struct view v = view_of(text);
	int rc = 0;
	switch (flag->type) {
	case GOFLAG_BOOL:
		rc = parse_bool(v, flag->value);
		break;
	case GOFLAG_INT:
		rc = parse_int(v, flag->value);
		break;
	case GOFLAG_STRING:
		*(const char **)flag->value = text;
		break;
	case GOFLAG_DURATION:
		/* Go says "parse error" for a duration that is too long, too. */
		rc = duration_parse(v, false, flag->value) < 0 ? ERR_SYNTAX : 0;
		break;
	}
	flag->set |= rc == 0;
	return rc;
}

static int fail_value(const struct goflag *flag, const char *text, int code, struct err *err)
{
	struct buf quoted;
	buf_init(&quoted);
	go_quote(&quoted, view_of(text));
	/* The longest values are cut so that the cause at the end of the line survives. */
	const char *shown = buf_str(&quoted);
	int room = quoted.len > 400 ? 400 : (int)quoted.len;
	int rc = err_set(err, code, NULL, "invalid %s %.*s for %s-%s: %s",
			 flag->type == GOFLAG_BOOL ? "boolean value" : "value", room, shown,
			 flag->type == GOFLAG_BOOL ? "" : "flag ", flag->name,
			 code == ERR_RANGE ? "value out of range" : "parse error");
	buf_fini(&quoted);
	return rc;
}

/* One word that looks like a flag; *at stands on it and is moved past it and its value. */
static int parse_one(struct goflag *flags, size_t n, int argc, char **argv, int *at, struct err *err)
{
	const char *word = argv[(*at)++];
	const char *name = word + (word[1] == '-' ? 2 : 1);
	if (*name == 0 || *name == '-' || *name == '=')
		return err_set(err, ERR_SYNTAX, NULL, "bad flag syntax: %s", word);
	size_t len = strcspn(name, "=");
	const char *value = name[len] == '=' ? name + len + 1 : NULL;
	struct view key = { name, len };
	struct goflag *flag = find_flag(flags, n, key);
	if (!flag && (view_eq(key, VIEW("help")) || view_eq(key, VIEW("h"))))
		return GOFLAG_HELP;
	if (!flag)
		return err_set(err, ERR_UNKNOWN, NULL, "flag provided but not defined: -%.*s", (int)len,
			       name);
	if (!value && flag->type == GOFLAG_BOOL)
		value = "true";
	if (!value && *at < argc)
		value = argv[(*at)++];
	if (!value)
		return err_set(err, ERR_MISSING, NULL, "flag needs an argument: -%s", flag->name);
	int rc = set_value(flag, value);
	return rc < 0 ? fail_value(flag, value, rc == ERR_RANGE ? ERR_RANGE : ERR_SYNTAX, err) : 0;
}

int goflag_parse(struct goflag *flags, size_t n, int argc, char **argv, int *rest, struct err *err)
{
	int at = 1, rc = 0;
	while (rc == 0 && at < argc) {
		const char *word = argv[at];
		if (word[0] != '-' || word[1] == 0)
			break;
		if (strcmp(word, "--") == 0) {
			at++;
			break;
		}
		rc = parse_one(flags, n, argc, argv, &at, err);
	}
	*rest = at < argc ? at : argc;
	return rc;
}
