/* Two passes. mask_suspect() looks for the rarest letter of every trigger and is all that an innocent command
 * pays; only what it suspects is walked by words:
 *
 *     curl -H 'X-Auth-Token: abc' https://u:pw@host/?token=x
 *              ^ name      ^ link ^ value
 */
#include "base/mask.h"

#include "mask_parts.h"

#define BEARER_LEAST 8 /* "bearer of news" is prose */

/* The walk: everything before `at` is decided, everything before `copied` is in `out`. */
struct walk {
	struct view text;
	size_t at;
	size_t copied;
	struct buf *out;
	bool found;
	struct quote_state quotes;
};

static bool is_name(char c)
{
	return is_alnum(c) || c == '_' || c == '-';
}

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Replaces text[from, to) and goes on behind it. */
static void walk_mask(struct walk *w, size_t from, size_t to)
{
	w->at = to;
	if (from >= to)
		return;
	buf_view(w->out, (struct view){ w->text.data + w->copied, from - w->copied });
	buf_append(w->out, "***", 3);
	w->copied = to;
	w->found = true;
}

static size_t skip_blanks(struct view v, size_t i)
{
	while (i < v.len && (v.data[i] == ' ' || v.data[i] == '\t'))
		i++;
	return i;
}

/* Where an unquoted value ends. `stops` are further bytes that end it. */
static size_t bare_end(struct view v, size_t from, const char *stops)
{
	size_t i = from;
	while (i < v.len && !is_blank(v.data[i]) && !one_of(v.data[i], stops))
		i++;
	/* A separator behind the last word belongs to the command. */
	while (i > from + 1 && one_of(v.data[i - 1], ";,"))
		i--;
	return i;
}

/* Bearer, Basic, … in front of the value proper: its length with the blanks behind it, else 0. */
static size_t scheme_len(struct view v, size_t i)
{
	static const char *const schemes[] = { "bearer", "basic", "token", "digest", "negotiate", "apikey" };
	size_t n = 0;
	while (i + n < v.len && is_alnum(v.data[i + n]))
		n++;
	if (at(v, i + n) != ' ' || i + n >= v.len)
		return 0;
	for (size_t k = 0; k < sizeof(schemes) / sizeof(schemes[0]); k++)
		if (view_ieq((struct view){ v.data + i, n }, view_of(schemes[k])))
			return skip_blanks(v, i + n) - i;
	return 0;
}

struct link {
	size_t value; /* where the value begins */
	bool colon;   /* "name: value" */
	bool quoted;  /* the name stood in quotes of its own: JSON */
	bool query;   /* ?name=value&… */
};

static void mask_value(struct walk *w, size_t name, struct link k)
{
	struct view v = w->text;
	size_t open = quote_len(v, k.value);
	if (open) {
		size_t from = k.value + open;
		from += scheme_len(v, from);
		walk_mask(w, from, quoted_end(v, from, open, v.data[k.value + open - 1]));
		return;
	}
	size_t from = k.value + scheme_len(v, k.value);
	char around = quote_around(&w->quotes, v, name);
	if (k.colon && around && !k.quoted) { /* a header: all of it */
		const char *end = memchr(v.data + from, around, v.len - from);
		walk_mask(w, from, end ? (size_t)(end - v.data) : v.len);
		return;
	}
	char stops[8] = { 0 };
	strcpy(stops, k.quoted ? ",}]" : k.query ? "&#" : "");
	if (around)
		stops[strlen(stops)] = around;
	else if (k.query)
		strcat(stops, "\"'");
	walk_mask(w, from, bare_end(v, from, stops));
}

/* `=` or `:` behind the name that ends at i, and where its value begins. */
static bool find_link(struct view v, size_t name, size_t i, struct link *k)
{
	char before = at(v, name - 1);
	*k = (struct link){ .query = before == '?' || before == '&' };
	size_t closing = quote_len(v, i);
	k->quoted = closing && quote_len(v, name - 1);
	if (closing && !k->quoted)
		return false;
	i += closing;
	size_t link = k->quoted ? skip_blanks(v, i) : i;
	k->colon = at(v, link) == ':';
	if (!k->colon && at(v, link) != '=')
		return false;
	link++;
	if (k->colon && at(v, link) == '=') /* := */
		link++;
	else if (at(v, link) == at(v, link - 1)) /* == and :: join other things */
		return false;
	k->value = k->colon ? skip_blanks(v, link) : link;
	/* path:tag, user@host:path and name:/path are places, not values. */
	bool place = before == '/' || before == '@' || (k->value == link && one_of(at(v, link), "/~"));
	bool container = k->quoted && one_of(at(v, k->value), "{["); /* what is inside has names of its own */
	return !container && !(k->colon && !k->quoted && place);
}

/* "--password value", and the same as quoted words or as a JSON list of words. */
static bool find_argument(struct view v, size_t name, size_t i, size_t *value)
{
	size_t closing = quote_len(v, i);
	if (v.data[name] != '-' || (closing && !quote_len(v, name - 1)))
		return false;
	i += closing;
	bool comma = closing && at(v, i) == ',';
	i += comma;
	if (i >= v.len || (!comma && !is_blank(v.data[i])))
		return false;
	*value = skip_blanks(v, i);
	size_t first = *value + quote_len(v, *value);
	return first < v.len && v.data[first] != '-'; /* else the next flag */
}

static bool is_working_directory(struct view name, struct view rest)
{
	return view_ieq(name, VIEW("pwd")) && rest.len && one_of(rest.data[0], "/.~$");
}

/* "Bearer x" without a header's name before it. */
static bool find_bearer(struct view v, struct view name, size_t i, size_t *value)
{
	if (!view_ieq(name, VIEW("bearer")) || at(v, i) != ' ')
		return false;
	*value = skip_blanks(v, i);
	return bare_end(v, *value, "\"'`") - *value >= BEARER_LEAST;
}

/* Most words are followed by nothing that could hold a value: seen before the word itself is looked at. */
static bool may_have_value(struct view v, size_t start, size_t end)
{
	char next = at(v, end);
	if (end < v.len && is_blank(next))
		return v.data[start] == '-' || end - start == strlen("bearer");
	return end < v.len && one_of(next, "=:\\\"'`");
}

static void walk_name(struct walk *w)
{
	struct view v = w->text;
	size_t start = w->at, end = start, argument;
	while (end < v.len && is_name(v.data[end]))
		end++;
	w->at = end;
	struct view name = { v.data + start, end - start };
	struct link k;
	if (!may_have_value(v, start, end) || !mask_key_is_secret(name))
		return;
	if (find_bearer(v, name, end, &argument))
		walk_mask(w, argument, bare_end(v, argument, "\"'`"));
	else if (find_argument(v, start, end, &argument))
		mask_value(w, start, (struct link){ .value = argument });
	else if (find_link(v, start, end, &k) &&
		 !is_working_directory(name, (struct view){ v.data + k.value, v.len - k.value }))
		mask_value(w, start, k);
}

/* ://user:password@ with the walk at the colon; the password is what stands between the first colon and the
 * last @ of the authority. */
static bool walk_url(struct walk *w)
{
	struct view v = w->text;
	size_t colon = 0, last_at = 0, i = w->at + 3;
	for (; i < v.len && !is_blank(v.data[i]) && !one_of(v.data[i], "/?#\"'`"); i++) {
		if (v.data[i] == ':' && !colon)
			colon = i;
		if (v.data[i] == '@')
			last_at = i;
	}
	if (!colon || last_at <= colon + 1)
		return false;
	walk_mask(w, colon + 1, last_at);
	return true;
}

static void walk_step(struct walk *w)
{
	struct view here = { w->text.data + w->at, w->text.len - w->at };
	char before = at(w->text, w->at - 1);
	size_t shape = is_alnum(before) ? 0 : mask_shape(here);
	if (shape)
		walk_mask(w, w->at, w->at + shape);
	else if (is_name(here.data[0]))
		walk_name(w);
	else if (here.len < 3 || memcmp(here.data, "://", 3) != 0 || !walk_url(w))
		w->at++;
}

bool mask_secrets(struct view text, struct buf *out)
{
	if (!mask_suspect(text))
		return false;
	struct walk w = { .text = text, .out = out };
	while (w.at < text.len)
		walk_step(&w);
	if (w.found)
		buf_view(out, (struct view){ text.data + w.copied, text.len - w.copied });
	return w.found;
}
