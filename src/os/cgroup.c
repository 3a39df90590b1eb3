#include "os/cgroup.h"

#include "base/err.h"
#include "os/numbers.h"
#include "os/scan.h"

int cgroup_cpu_parse(struct view text, struct cgroup_cpu *out)
{
	*out = (struct cgroup_cpu){ 0, 0 };
	if (number_named(text, VIEW("usage_usec"), &out->usage_us) < 0)
		return ERR_SYNTAX;
	if (number_named(text, VIEW("throttled_usec"), &out->throttled_us) < 0)
		out->throttled_us = 0;
	return 0;
}

void cgroup_io_parse(struct view text, struct cgroup_io *out)
{
	const struct {
		struct view name;
		uint64_t *to;
	} rows[] = {
		{ VIEW("rbytes="), &out->read_bytes },
		{ VIEW("wbytes="), &out->write_bytes },
		{ VIEW("rios="), &out->reads },
		{ VIEW("wios="), &out->writes },
	};
	struct view line, word;
	*out = (struct cgroup_io){ 0 };
	while (scan_line(&text, &line))
		while (scan_word(&line, &word))
			for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
				uint64_t v;
				struct view rest = word;
				if (scan_prefix(&rest, rows[i].name) && scan_u64(&rest, &v) &&
				    __builtin_add_overflow(*rows[i].to, v, rows[i].to))
					*rows[i].to = UINT64_MAX;
			}
}
