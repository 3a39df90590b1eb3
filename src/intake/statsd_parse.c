#include "intake/statsd_parse.h"

#include "base/err.h"
#include "base/num.h"

static int bad(const char **why, int code, const char *sentence)
{
	*why = sentence;
	return code;
}

/* What stands before the next `end` (or the end of the text) is taken off. */
static struct view take_until(struct view *text, char end)
{
	const char *at = text->len ? memchr(text->data, end, text->len) : NULL;
	size_t len = at ? (size_t)(at - text->data) : text->len;
	struct view taken = { text->data, len };
	size_t skip = at ? len + 1 : len;
	text->data += skip;
	text->len -= skip;
	return taken;
}

static int parse_type(struct view text, enum statsd_type *out)
{
	if (text.len == 1 &&
	    (*text.data == 'c' || *text.data == 'g' || *text.data == 'h' || *text.data == 's')) {
		*out = *text.data == 'c'   ? STATSD_COUNTER
		       : *text.data == 'g' ? STATSD_GAUGE
		       : *text.data == 'h' ? STATSD_TIMING
					   : STATSD_SET;
		return 0;
	}
	*out = STATSD_TIMING;
	return view_eq(text, VIEW("ms")) ? 0 : ERR_SYNTAX;
}

static int parse_number(struct statsd_line *line, const char **why)
{
	struct view text = line->value;
	bool plus = text.len && text.data[0] == '+', minus = text.len && text.data[0] == '-';
	if (plus)
		text = (struct view){ text.data + 1, text.len - 1 };
	if (!text.len || (plus && (text.data[0] == '-' || text.data[0] == '+')) ||
	    num_parse_double(text, &line->number) < 0)
		return bad(why, ERR_SYNTAX, "the value is no number");
	line->change = line->type == STATSD_GAUGE && (plus || minus);
	return 0;
}

static int parse_section(struct view section, struct statsd_line *line, const char **why)
{
	if (!section.len)
		return bad(why, ERR_SYNTAX, "there is an empty section");
	struct view rest = { section.data + 1, section.len - 1 };
	if (section.data[0] == '#')
		line->tags = rest;
	else if (section.data[0] == '@' &&
		 (num_parse_double(rest, &line->rate) < 0 || !(line->rate > 0) || line->rate > 1))
		return bad(why, ERR_RANGE, "the rate must be above 0 and at most 1");
	return 0;
}

int statsd_parse(struct view text, struct statsd_line *out, const char **why)
{
	*out = (struct statsd_line){ .rate = 1 };
	if (!text.len || !memchr(text.data, ':', text.len))
		return bad(why, ERR_SYNTAX, "there is no value: write name:value|type");
	out->name = take_until(&text, ':');
	if (!out->name.len)
		return bad(why, ERR_SYNTAX, "there is no name: write name:value|type");
	if (!text.len || !memchr(text.data, '|', text.len))
		return bad(why, ERR_SYNTAX, "there is no type: write name:value|type");
	out->value = take_until(&text, '|');
	bool more = text.len && memchr(text.data, '|', text.len);
	if (parse_type(take_until(&text, '|'), &out->type) < 0)
		return bad(why, ERR_SYNTAX, "the type is unknown; known are c, g, ms, h and s");
	int rc = out->type != STATSD_SET ? parse_number(out, why)
		 : out->value.len        ? 0
					 : bad(why, ERR_SYNTAX, "a set needs a member");
	while (rc == 0 && more) {
		more = text.len && memchr(text.data, '|', text.len);
		rc = parse_section(take_until(&text, '|'), out, why);
	}
	return rc;
}

/* --- the series ----------------------------------------------------------------------------------------------------- */

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static void put_name(struct view name, const char *also, struct buf *out)
{
	if (name.len && !is_letter(name.data[0]))
		buf_putc(out, '_');
	for (size_t i = 0; i < name.len; i++) {
		char c = name.data[i];
		bool good = is_letter(c) || (c >= '0' && c <= '9') || (c && strchr(also, c));
		buf_putc(out, good ? c : '_');
	}
}

static void put_quoted(struct view value, struct buf *out)
{
	buf_putc(out, '"');
	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.data[i];
		if (c == '"' || c == '\\')
			buf_putc(out, '\\');
		buf_putc(out, c < 0x20 || c == 0x7f ? '_' : (char)c);
	}
	buf_putc(out, '"');
}

void statsd_series_key(const struct statsd_line *line, const char *suffix, struct buf *out)
{
	struct view tags = line->tags;
	const char *before = "{";
	put_name(line->name, ".-", out);
	buf_puts(out, suffix);
	while (tags.len) {
		struct view tag = take_until(&tags, ',');
		if (!tag.len)
			continue;
		bool bare = !memchr(tag.data, ':', tag.len);
		struct view name = take_until(&tag, ':');
		buf_puts(out, before);
		if (name.len)
			put_name(name, "", out);
		else
			buf_putc(out, '_');
		buf_putc(out, '=');
		put_quoted(bare ? VIEW("true") : tag, out);
		before = ",";
	}
	if (*before == ',')
		buf_putc(out, '}');
}
