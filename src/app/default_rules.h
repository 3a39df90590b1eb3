/* The alert rules that every host has without asking: what hardly ever is meant to be so.
 *
 * They stand in one text, as a user would write them (default_rules.c). A rule of the same name in the configuration file or made over the API takes
 * the place of one of them; `system.skip_alerts` names those that are not wanted.
 */
#ifndef AUSPEX_APP_DEFAULT_RULES_H
#define AUSPEX_APP_DEFAULT_RULES_H

#include "app/settings.h"

/* The text itself: the `alerts:` list of a configuration file. */
extern const char default_rules_text[];
/* Adds to `rules` those that are neither there nor match a pattern of `skip`. Memory of the arena. 0 or -ENOMEM. */
int default_rules_add(struct alert_rules *rules, const struct option_list *skip, struct arena *arena,
		      struct err *err);
/* Adds a rule for each of the two limits that is set: the value of one sample above it fires, one that is not above it resolves. Codes as above. */
int threshold_rules_add(struct alert_rules *rules, const struct threshold_options *limits,
			struct arena *arena, struct err *err);

#endif
