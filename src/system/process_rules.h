/* Which processes are tracked (contract of the client files, 1.3): those whose name or first argument's base name is an entry of
 * `track_processes`, in any case, or an entry followed by nothing but digits and dots ("python" takes python3.11, "node" node20); and,
 * unless switched off, whatever has "python" in one of the two.
 */
#ifndef AUSPEX_SYSTEM_PROCESS_RULES_H
#define AUSPEX_SYSTEM_PROCESS_RULES_H

#include "conf/option.h"

struct process_rules {
	const struct option_list *track; /* borrowed */
	bool python;
	bool mask; /* replace what looks like a secret in arguments */
};

/* `comm`: what the kernel calls it; `base`: process_base_name of its arguments, may be empty. */
bool process_rules_match(const struct process_rules *rules, struct view comm, struct view base);

#endif
