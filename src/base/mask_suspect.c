/* The cheap look: for the rarest letter of every trigger, with the letters beside it. */
#include "mask_parts.h"

static char low(struct view v, size_t i)
{
	return at(v, i) | 0x20;
}

/* Could a trigger have its tell-tale letter here? */
static bool suspect_here(struct view v, size_t i)
{
	switch (v.data[i] | 0x20) {
	case 'w': /* passw, pwd */
		return low(v, i - 1) == 's' || (low(v, i - 1) == 'p' && low(v, i + 1) == 'd');
	case 'k': /* token, …key; AKIA */
		return low(v, i + 1) == 'e' || low(v, i + 1) == 'i';
	case 'c': /* secret, credential */
		return low(v, i + 1) == 'r' && low(v, i + 2) == 'e';
	case 'u': /* auth */
		return low(v, i + 1) == 't' && low(v, i + 2) == 'h';
	case 'b': /* bearer */
		return low(v, i + 1) == 'e' && low(v, i + 2) == 'a';
	case 'h': /* passphrase */
		return low(v, i - 1) == 'p' && low(v, i + 1) == 'r';
	case '_' | 0x20: /* ghp_ and its kin, github_pat_ */
		return low(v, i - 3) == 'g' || low(v, i - 1) == 'b';
	case 'x': /* xoxb- */
		return low(v, i + 1) == 'o' && low(v, i + 2) == 'x';
	case 'j': /* eyJ */
		return low(v, i - 1) == 'y';
	case ':': /* ://user:password@ */
		return at(v, i + 1) == '/' && memchr(v.data + i, '@', v.len - i);
	default: /* ASIA; the table lets 'i' through for it alone */
		return at(v, i - 1) == 'S' && at(v, i + 1) == 'A';
	}
}

bool mask_suspect(struct view v)
{
	static const unsigned char anchor[256] = {
		['w'] = 1, ['W'] = 1, ['k'] = 1, ['K'] = 1, ['c'] = 1, ['C'] = 1,
		['u'] = 1, ['U'] = 1, ['b'] = 1, ['B'] = 1, ['h'] = 1, ['H'] = 1,
		['_'] = 1, ['x'] = 1, ['J'] = 1, [':'] = 1, ['I'] = 1,
	};
	for (size_t i = 0; i < v.len; i++)
		if (anchor[(unsigned char)v.data[i]] && suspect_here(v, i))
			return true;
	return false;
}
