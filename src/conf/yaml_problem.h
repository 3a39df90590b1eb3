/* What libyaml complains about, as a sentence with a cure. */
#ifndef AUSPEX_CONF_YAML_PROBLEM_H
#define AUSPEX_CONF_YAML_PROBLEM_H

#include "base/buf.h"
#include "base/err.h"

#include <yaml.h>

/* Fills err from a parser that has just failed. `text` is its whole input. Returns the code. */
int yaml_problem_set(const yaml_parser_t *parser, struct view text, const char *name, struct err *err);

#endif
