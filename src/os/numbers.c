#include "os/numbers.h"

#include "base/err.h"
#include "base/num.h"
#include "os/scan.h"

int numbers_parse(struct view text, uint64_t *out, unsigned n)
{
	return scan_numbers(&text, out, n) == n ? 0 : ERR_SYNTAX;
}

int number_parse_signed(struct view text, int64_t *out)
{
	return num_parse_i64(view_trim(text), out);
}

int number_named(struct view text, struct view name, uint64_t *out)
{
	struct view line, word;
	while (scan_line(&text, &line))
		if (scan_word(&line, &word) && view_eq(word, name) && scan_u64(&line, out))
			return 0;
	return ERR_MISSING;
}
