/* Powers of five that fit 64 bits; private to the number conversions. */
#ifndef AUSPEX_BASE_NUM_POW5_H
#define AUSPEX_BASE_NUM_POW5_H

#include <stdint.h>

#define POW5_MAX 27
extern const uint64_t num_pow5[POW5_MAX + 1];

#endif
