/* Files of the kernel that are nothing but numbers, or a word: /proc/sys/fs/file-nr, hwmon inputs, operstate. Thread: any. */
#ifndef AUSPEX_OS_NUMBERS_H
#define AUSPEX_OS_NUMBERS_H

#include "base/buf.h"

#include <stdint.h>

/* The first `n` numbers of the text, parted by blanks. 0 or ERR_SYNTAX when there are fewer. */
int numbers_parse(struct view text, uint64_t *out, unsigned n);
/* One number with a sign: temperatures are below zero now and then. 0, ERR_SYNTAX or ERR_RANGE. */
int number_parse_signed(struct view text, int64_t *out);
/* The number after the word of this name, in a text of lines of "name number" (cpu.stat, memory.events). 0 or ERR_MISSING. */
int number_named(struct view text, struct view name, uint64_t *out);

#endif
