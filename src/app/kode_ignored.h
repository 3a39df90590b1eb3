/* What a configuration file of the kode-kronical daemon says without any effect here, and what does it instead: nobody shall believe in a setting that
 * does nothing. */
#ifndef AUSPEX_APP_KODE_IGNORED_H
#define AUSPEX_APP_KODE_IGNORED_H

#include "app/kode_config.h"
#include "conf/yaml.h"

/* One line that names each such key of the file; NULL when there is none or no memory. Tables: the sections that are read. The line lives in
 * the arena. */
const char *kode_ignored_keys(const struct yaml_node *root, const struct option_section *sections, size_t n,
			      struct arena *arena);

#endif
