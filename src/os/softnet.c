#include "os/softnet.h"

#include "base/err.h"
#include "os/scan.h"

static bool take_hex(struct view *line, uint32_t *out)
{
	struct view word;
	uint32_t v = 0;
	if (!scan_word(line, &word) || word.len > 8)
		return false;
	for (size_t i = 0; i < word.len; i++) {
		char c = word.data[i];
		uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
				 : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
							: 16;
		if (digit == 16)
			return false;
		v = v << 4 | digit;
	}
	*out = v;
	return true;
}

int softnet_parse(struct view text, struct softnet *out)
{
	struct view line;
	*out = (struct softnet){ 0 };
	while (scan_line(&text, &line)) {
		uint32_t processed, dropped, squeezed;
		if (!take_hex(&line, &processed) || !take_hex(&line, &dropped) || !take_hex(&line, &squeezed))
			continue;
		out->cores++;
		out->processed += processed;
		out->dropped += dropped;
		out->squeezed += squeezed;
	}
	return out->cores ? 0 : ERR_SYNTAX;
}
