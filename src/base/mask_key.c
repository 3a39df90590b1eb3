/* Which names name a secret. A name is cut into words at `-`, `_`, `.`, blanks and camel humps; a word of the
 * list makes it secret, unless the last word says that the value only speaks about one ("token_file",
 * "auth-url") or the first one denies it ("no-password"). */
#include "base/mask.h"

#include "mask_parts.h"

#define WORD_MAX 24 /* longer words are no words of ours; their end still counts */

enum word_kind {
	WORD_PLAIN,
	WORD_SECRET, /* anywhere in the name */
	WORD_WEAK,   /* as the last word only: "auth" starts too many harmless names */
	WORD_KIN,    /* secret together with a following "key" */
	WORD_KEY,
	WORD_ABOUT, /* as the last word: the value is not the secret itself */
	WORD_DENY,  /* as the first word */
};

struct word_row {
	struct view text;
	enum word_kind kind;
};

static const struct word_row rows[] = {
	{ { "password", 8 }, WORD_SECRET },
	{ { "passwords", 9 }, WORD_SECRET },
	{ { "passwd", 6 }, WORD_SECRET },
	{ { "pwd", 3 }, WORD_SECRET },
	{ { "secret", 6 }, WORD_SECRET },
	{ { "secrets", 7 }, WORD_SECRET },
	{ { "token", 5 }, WORD_SECRET },
	{ { "apikey", 6 }, WORD_SECRET },
	{ { "accesskey", 9 }, WORD_SECRET },
	{ { "bearer", 6 }, WORD_SECRET },
	{ { "credential", 10 }, WORD_SECRET },
	{ { "credentials", 11 }, WORD_SECRET },
	{ { "authorization", 13 }, WORD_SECRET },
	{ { "passphrase", 10 }, WORD_SECRET },
	{ { "auth", 4 }, WORD_WEAK },
	{ { "api", 3 }, WORD_KIN },
	{ { "access", 6 }, WORD_KIN },
	{ { "key", 3 }, WORD_KEY },
	{ { "file", 4 }, WORD_ABOUT },
	{ { "files", 5 }, WORD_ABOUT },
	{ { "path", 4 }, WORD_ABOUT },
	{ { "dir", 3 }, WORD_ABOUT },
	{ { "url", 3 }, WORD_ABOUT },
	{ { "uri", 3 }, WORD_ABOUT },
	{ { "endpoint", 8 }, WORD_ABOUT },
	{ { "type", 4 }, WORD_ABOUT },
	{ { "method", 6 }, WORD_ABOUT },
	{ { "mode", 4 }, WORD_ABOUT },
	{ { "name", 4 }, WORD_ABOUT },
	{ { "count", 5 }, WORD_ABOUT },
	{ { "length", 6 }, WORD_ABOUT },
	{ { "limit", 5 }, WORD_ABOUT },
	{ { "ttl", 3 }, WORD_ABOUT },
	{ { "timeout", 7 }, WORD_ABOUT },
	{ { "expiry", 6 }, WORD_ABOUT },
	{ { "policy", 6 }, WORD_ABOUT },
	{ { "stdin", 5 }, WORD_ABOUT },
	{ { "prompt", 6 }, WORD_ABOUT },
	{ { "helper", 6 }, WORD_ABOUT },
	{ { "provider", 8 }, WORD_ABOUT },
	{ { "store", 5 }, WORD_ABOUT },
	{ { "command", 7 }, WORD_ABOUT },
	{ { "env", 3 }, WORD_ABOUT },
	{ { "required", 8 }, WORD_ABOUT },
	{ { "enabled", 7 }, WORD_ABOUT },
	{ { "no", 2 }, WORD_DENY },
	{ { "without", 7 }, WORD_DENY },
	{ { "skip", 4 }, WORD_DENY },
	{ { "disable", 7 }, WORD_DENY },
};

/* Glued names: PGPASSWORD, authtoken, clientsecret, myapikey. */
static const char *const endings[] = { "password", "passwd", "token", "secret", "apikey", "passphrase" };

/* A word being read, in lower case; of a long one the last WORD_MAX bytes. */
struct word {
	char text[2 * WORD_MAX];
	size_t len;
};

static void word_add(struct word *w, char c)
{
	if (w->len == sizeof(w->text)) {
		memmove(w->text, w->text + WORD_MAX, WORD_MAX);
		w->len = WORD_MAX;
	}
	w->text[w->len++] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool word_ends_with(const struct word *w, const char *ending)
{
	size_t n = strlen(ending);
	return w->len >= n && memcmp(w->text + w->len - n, ending, n) == 0;
}

static enum word_kind word_kind(struct word *w)
{
	while (w->len && w->text[w->len - 1] >= '0' && w->text[w->len - 1] <= '9')
		w->len--; /* password2 */
	struct view v = { w->text, w->len };
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (view_eq(v, rows[i].text))
			return rows[i].kind;
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
		if (word_ends_with(w, endings[i]))
			return WORD_SECRET;
	return WORD_PLAIN;
}

struct name {
	struct word word;
	enum word_kind last; /* of the last finished word */
	unsigned words;
	bool secret, denied;
};

static void name_end_word(struct name *n)
{
	if (n->word.len == 0)
		return;
	enum word_kind kind = word_kind(&n->word);
	n->secret |= kind == WORD_SECRET || (kind == WORD_KEY && n->last == WORD_KIN);
	n->denied |= kind == WORD_DENY && n->words == 0;
	n->last = kind;
	n->words++;
	n->word.len = 0;
}

bool mask_key_is_secret(struct view key)
{
	struct name n = { .last = WORD_PLAIN };
	bool was_lower = false;
	for (size_t i = 0; i < key.len; i++) {
		char c = key.data[i];
		bool upper = c >= 'A' && c <= 'Z';
		if (!is_alnum(c) || (upper && was_lower))
			name_end_word(&n);
		if (is_alnum(c))
			word_add(&n.word, c);
		was_lower = is_alnum(c) && !upper;
	}
	name_end_word(&n);
	if (n.denied || n.last == WORD_ABOUT)
		return false;
	return n.secret || n.last == WORD_WEAK;
}
