#include "base/map.h"
#include "base/utf8.h"

#include "json_tape.h"

#include <errno.h>
#include <stdio.h>

/* What strict mode adds to the grammar. Control characters are refused while scanning; invalid UTF-8 and
 * duplicate keys are found here, after the parse, so that the hot loop knows nothing of them. A text that can
 * no longer become valid is malformed even when it is also incomplete. */

/* Few keys are compared pair by pair, more go through a map. */
#define PAIRWISE_KEYS 12

static int refuse(struct json_doc *d, size_t off, const char *text)
{
	d->error_off = off;
	d->error_text = text;
	return ERR_SYNTAX;
}

/* May the bytes from `at` on be the beginning of a longer valid sequence? */
static bool utf8_cut_short(const char *at, size_t len)
{
	static const char *const fill[] = { "\x80",     "\x80\x80",     "\xA0",        "\xA0\x80",
					    "\x90\x80", "\x90\x80\x80", "\x80\x80\x80" };
	char probe[8];
	if (len > 3)
		return false;
	memcpy(probe, at, len);
	for (size_t i = 0; i < sizeof(fill) / sizeof(fill[0]); i++) {
		size_t more = strlen(fill[i]);
		memcpy(probe + len, fill[i], more);
		if (utf8_valid_prefix(probe, len + more) == len + more)
			return true;
	}
	return false;
}

/* Decoded text of a key; the arena is touched for escaped keys only. */
static int key_text(struct json_doc *d, json_ref key, struct arena *arena, struct view *out)
{
	*out = json_string(d, key, arena);
	return out->data ? 0 : -ENOMEM;
}

static int pairwise_duplicate(struct json_doc *d, json_ref object, struct arena *arena, json_ref *found)
{
	struct view seen[PAIRWISE_KEYS];
	size_t n = 0;
	for (json_ref k = json_first(d, object); k != JSON_NONE; k = json_next(d, object, k)) {
		if (key_text(d, k, arena, &seen[n]) < 0)
			return -ENOMEM;
		for (size_t i = 0; i < n; i++) {
			if (view_eq(seen[i], seen[n])) {
				*found = k;
				return 0;
			}
		}
		if (++n == PAIRWISE_KEYS)
			break;
	}
	return 0;
}

static int mapped_duplicate(struct json_doc *d, json_ref object, struct arena *arena, json_ref *found)
{
	struct map m;
	struct view key;
	uint64_t unused;
	int rc = 0;
	map_init(&m);
	for (json_ref k = json_first(d, object); k != JSON_NONE && !rc; k = json_next(d, object, k)) {
		rc = key_text(d, k, arena, &key);
		if (!rc && map_get(&m, key, &unused)) {
			*found = k;
			break;
		}
		if (!rc)
			rc = map_put(&m, key, k);
	}
	map_fini(&m);
	return rc;
}

/* `*first` receives the first key in the text that stands twice in its object. */
static int find_duplicate(struct json_doc *d, json_ref *first)
{
	struct arena arena;
	int rc = 0;
	arena_init(&arena, 0);
	*first = JSON_NONE;
	for (json_ref r = 0; r < d->n && !rc; r++) {
		if (d->nodes[r].type != JSON_OBJECT || r > *first)
			continue;
		json_ref found = JSON_NONE;
		/* an object cut short by an error may hold one key more than it counts */
		rc = d->nodes[r].len < PAIRWISE_KEYS ? pairwise_duplicate(d, r, &arena, &found)
						     : mapped_duplicate(d, r, &arena, &found);
		arena_reset(&arena);
		if (found < *first)
			*first = found;
	}
	arena_fini(&arena);
	return rc;
}

int json_check_strict(struct json_doc *d, size_t stop, int rc)
{
	size_t valid = utf8_valid_prefix(d->text, stop);
	size_t bad = SIZE_MAX;
	if (valid < stop && !(rc == ERR_MORE && utf8_cut_short(d->text + valid, stop - valid)))
		bad = valid;
	json_ref duplicate;
	int failed = find_duplicate(d, &duplicate);
	if (failed)
		return failed;
	if (duplicate != JSON_NONE && d->nodes[duplicate].off < bad)
		return refuse(d, d->nodes[duplicate].off - 1, "the key stands twice in its object");
	if (bad != SIZE_MAX)
		return refuse(d, bad, "invalid UTF-8");
	return rc;
}

/* Line and column from 1; columns count characters, not bytes. */
static void place_of(const struct json_doc *d, unsigned long *line, unsigned long *column)
{
	*line = *column = 1;
	for (size_t i = 0; i < d->error_off && i < d->text_len; i++) {
		if (d->text[i] == '\n') {
			++*line;
			*column = 1;
		} else if (((unsigned char)d->text[i] & 0xC0) != 0x80) {
			++*column;
		}
	}
}

int json_parse_all(struct json_doc *d, const char *text, size_t len, unsigned flags, struct err *err)
{
	size_t used;
	int rc = json_parse(d, text, len, flags, &used);
	if (rc == 0) {
		while (used < len && strchr(" \t\r\n", text[used]) && text[used])
			used++;
		if (used == len)
			return 0;
		rc = refuse(d, used, "unexpected text after the value");
	}
	unsigned long line, column;
	char place[48];
	place_of(d, &line, &column);
	snprintf(place, sizeof(place), "%lu:%lu", line, column);
	return err_set(err, rc, place, "%s", d->error_text ? d->error_text : err_text(rc));
}
