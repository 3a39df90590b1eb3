/* Series keys: `domain.metric{label=value,label2=value2}`.
 *
 * Canonical form: labels sorted by name, no spaces, no empty braces. Names match [A-Za-z_][A-Za-z0-9_.:-]*,
 * label names [A-Za-z_][A-Za-z0-9_]*; label values are any text without control characters; a value that holds one of
 * , = { } " or white space is written in double quotes with \" and \\ escaped. Longest key 512 bytes, 16 labels.
 * Pure.
 */
#ifndef AUSPEX_SERIES_KEY_H
#define AUSPEX_SERIES_KEY_H

#include "base/buf.h"
#include "base/err.h"

#define SERIES_KEY_MAX 512
#define SERIES_LABELS_MAX 16

struct series_label {
	struct view name, value; /* value decoded */
};
struct series_key {
	struct view name;
	struct series_label labels[SERIES_LABELS_MAX];
	size_t n_labels;
	char text[SERIES_KEY_MAX]; /* decoded values live here */
};

/* Parses and sorts. 0 or ERR_SYNTAX / ERR_RANGE with a sentence naming the column. Views point into key->text. */
int series_key_parse(struct view text, struct series_key *key, struct err *err);
/* Appends the canonical text. */
void series_key_format(const struct series_key *key, struct buf *out);
/* Canonicalises in one go. */
int series_key_canonical(struct view text, struct buf *out, struct err *err);
/* Glob over canonical keys: `*` any run of characters, `?` one. For rules, queries, topics. */
bool series_key_match(struct view pattern, struct view key);

#endif
