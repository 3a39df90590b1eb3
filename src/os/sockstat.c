#include "os/sockstat.h"

#include "base/err.h"
#include "os/scan.h"

void sockstat_init(struct sockstat *s)
{
	memset(s, 0xff, sizeof(*s)); /* SOCKSTAT_ABSENT everywhere */
}

int sockstat_parse(struct view text, struct sockstat *out)
{
	const struct {
		struct view head, word;
		uint64_t *to;
	} rows[] = {
		{ VIEW("sockets:"), VIEW("used"), &out->used },
		{ VIEW("TCP:"), VIEW("inuse"), &out->tcp },
		{ VIEW("TCP:"), VIEW("orphan"), &out->tcp_orphan },
		{ VIEW("TCP:"), VIEW("tw"), &out->tcp_time_wait },
		{ VIEW("TCP:"), VIEW("alloc"), &out->tcp_alloc },
		{ VIEW("TCP:"), VIEW("mem"), &out->tcp_mem_pages },
		{ VIEW("UDP:"), VIEW("inuse"), &out->udp },
		{ VIEW("UDP:"), VIEW("mem"), &out->udp_mem_pages },
		{ VIEW("RAW:"), VIEW("inuse"), &out->raw },
		{ VIEW("TCP6:"), VIEW("inuse"), &out->tcp6 },
		{ VIEW("UDP6:"), VIEW("inuse"), &out->udp6 },
		{ VIEW("RAW6:"), VIEW("inuse"), &out->raw6 },
	};
	struct view line, head, word;
	int rc = ERR_SYNTAX;
	while (scan_line(&text, &line)) {
		uint64_t v;
		if (!scan_word(&line, &head))
			continue;
		while (scan_word(&line, &word) && scan_u64(&line, &v))
			for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
				if (view_eq(rows[i].head, head) && view_eq(rows[i].word, word)) {
					*rows[i].to = v;
					rc = 0;
				}
	}
	return rc;
}

int64_t sockstat_inet(const struct sockstat *s)
{
	const uint64_t parts[] = { s->tcp, s->tcp_time_wait, s->udp, s->tcp6, s->udp6 };
	uint64_t sum = 0;
	if (s->tcp == SOCKSTAT_ABSENT || s->udp == SOCKSTAT_ABSENT)
		return -1;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (parts[i] != SOCKSTAT_ABSENT && __builtin_add_overflow(sum, parts[i], &sum))
			return -1;
	return sum <= INT64_MAX ? (int64_t)sum : -1;
}
