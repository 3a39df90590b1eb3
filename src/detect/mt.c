#include "mt.h"

#define SHIFT_SIZE 397

void mt_seed(struct mt *m, uint32_t seed)
{
	m->state[0] = seed;
	for (uint32_t i = 1; i < MT_SIZE; i++)
		m->state[i] = 1812433253u * (m->state[i - 1] ^ m->state[i - 1] >> 30) + i;
	m->next = MT_SIZE;
}

static void twist(struct mt *m)
{
	for (unsigned i = 0; i < MT_SIZE; i++) {
		uint32_t y = (m->state[i] & 0x80000000u) | (m->state[(i + 1) % MT_SIZE] & 0x7fffffffu);
		m->state[i] = m->state[(i + SHIFT_SIZE) % MT_SIZE] ^ y >> 1 ^ (y & 1 ? 0x9908b0dfu : 0);
	}
	m->next = 0;
}

uint32_t mt_next(struct mt *m)
{
	if (m->next >= MT_SIZE)
		twist(m);
	uint32_t y = m->state[m->next++];
	y ^= y >> 11;
	y ^= y << 7 & 0x9d2c5680u;
	y ^= y << 15 & 0xefc60000u;
	return y ^ y >> 18;
}

uint32_t mt_draw(struct mt *m)
{
	uint32_t y;
	do
		y = mt_next(m) & 0x7fffffffu;
	while (y == 0x7fffffffu);
	return y;
}
