/* Series keys: `domain.metric{label=value,label2=value2}`.
 *
 * Canonical form: labels sorted by name, no spaces, no empty braces. Names match [A-Za-z_][A-Za-z0-9_.:-]*,
 * label names [A-Za-z_][A-Za-z0-9_]*; label values are any text without control characters; a value that holds one of
 * , = { } " or white space is written in double quotes with \" and \\ escaped. Longest key 512 bytes, 16 labels.
 *
 * Parsing also takes labels in any order, needless quotes, white space around names, values, `=` and `,`, a comma
 * before the closing brace, and empty braces; the canonical form has none of these and is never longer than the input.
 * Text must be valid UTF-8. A label given twice is an error. Parsing the canonical form gives the same key again.
 * Pure. Thread: any.
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
	char text[SERIES_KEY_MAX]; /* decoded names and values live here: the struct cannot be copied by assignment */
};

/* Parses and sorts. 0 or ERR_SYNTAX / ERR_RANGE with a sentence and the column as place; `err` may be NULL. Views
 * point into key->text, so `text` may go away. */
int series_key_parse(struct view text, struct series_key *key, struct err *err);
/* Appends the canonical text. */
void series_key_format(const struct series_key *key, struct buf *out);
/* Decoded value of a label; data NULL when the key has no such label. */
struct view series_key_label(const struct series_key *key, struct view name);
/* Canonicalises in one go. 0, ERR_SYNTAX, ERR_RANGE or -ENOMEM; on an error nothing is appended. */
int series_key_canonical(struct view text, struct buf *out, struct err *err);
/* Glob over canonical keys: `*` any run of bytes, `?` one byte. For rules, queries, topics. O(pattern * key) at worst. */
bool series_key_match(struct view pattern, struct view key);

#endif
