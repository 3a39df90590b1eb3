/* The generator MT19937 (Matsumoto & Nishimura 1998), seeded with one number as its authors' init_genrand does. */
#ifndef AUSPEX_DETECT_MT_H
#define AUSPEX_DETECT_MT_H

#include <stdint.h>

#define MT_SIZE 624

struct mt {
	uint32_t state[MT_SIZE];
	unsigned next;
};

void mt_seed(struct mt *m, uint32_t seed);
uint32_t mt_next(struct mt *m);
/* Uniform in [0, 2^31 - 1): 31 bits, drawn again when all are set. */
uint32_t mt_draw(struct mt *m);

#endif
