#include "ints.h"

enum predictor { LEVEL, DELTA, DELTA2, PREDICTORS };

struct model {
	enum predictor predictor;
	int64_t step;
};

static uint64_t gcd(uint64_t a, uint64_t b)
{
	while (b) {
		uint64_t rest = a % b;
		a = b;
		b = rest;
	}
	return a;
}

static uint64_t common_unit(const int64_t *k, uint32_t n)
{
	uint64_t unit = 0;

	for (uint32_t i = 1; i < n && unit != 1; i++)
		unit = gcd(k[i] >= k[0] ? (uint64_t)k[i] - (uint64_t)k[0] : (uint64_t)k[0] - (uint64_t)k[i],
			   unit);
	return unit ? unit : 1;
}

/* Differences from the first, in units, in place. */
static void to_units(int64_t *k, uint32_t n, uint64_t unit)
{
	int64_t first = k[0];

	for (uint32_t i = 0; i < n; i++)
		k[i] = unit == 1 ? k[i] - first : (k[i] - first) / (int64_t)unit;
}

/* Residuals of q[at .. at+m); at >= 1. */
static void residuals(const int64_t *q, uint32_t at, unsigned m, const struct model *model, uint64_t *out)
{
	uint64_t step = (uint64_t)model->step;

	for (unsigned j = 0; j < m; j++) {
		uint32_t i = at + j;
		uint64_t now = (uint64_t)q[i], before = (uint64_t)q[i - 1];
		if (model->predictor == LEVEL)
			out[j] = now - i * step;
		else if (model->predictor == DELTA)
			out[j] = now - before - step;
		else
			out[j] = now - before - (i == 1 ? step : before - (uint64_t)q[i - 2]);
	}
}

static unsigned frame_count(uint32_t n, uint32_t at)
{
	return n - at < FRAME_VALUES ? n - at : FRAME_VALUES;
}

static uint64_t model_bits(const int64_t *q, uint32_t n, const struct model *model)
{
	uint64_t bits = 0;
	uint64_t r[FRAME_VALUES];

	for (uint32_t at = 1; at < n; at += FRAME_VALUES) {
		residuals(q, at, frame_count(n, at), model, r);
		bits += frame_estimate(r, frame_count(n, at));
	}
	return bits;
}

/* To the nearest: a tick of 1000 ms whose jitter ends early must not be taken for one of 999. */
static int64_t rounded_ratio(int64_t a, int64_t b)
{
	return (a + (a < 0 ? -b / 2 : b / 2)) / b;
}

static struct model choose_model(const int64_t *q, uint32_t n)
{
	int64_t mean = n > 1 ? rounded_ratio(q[n - 1], (int64_t)n - 1) : 0;
	const struct model models[] = {
		{ LEVEL, 0 }, { LEVEL, mean }, { DELTA, 0 }, { DELTA, mean }, { DELTA2, n > 1 ? q[1] : 0 },
	};
	struct model best = models[0];
	uint64_t least = UINT64_MAX;

	for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++) {
		uint64_t bits = model_bits(q, n, &models[i]);
		if (bits < least) {
			least = bits;
			best = models[i];
		}
	}
	return best;
}

void ints_write(int64_t *k, uint32_t n, struct buf *out)
{
	uint64_t first = (uint64_t)k[0], unit = common_unit(k, n);
	uint64_t r[FRAME_VALUES];
	struct model model;

	to_units(k, n, unit);
	model = choose_model(k, n);
	wire_put_u8(out, model.predictor);
	wire_put_varint(out, zigzag(first));
	wire_put_varint(out, unit);
	wire_put_varint(out, zigzag((uint64_t)model.step));
	for (uint32_t at = 1; at < n; at += FRAME_VALUES) {
		residuals(k, at, frame_count(n, at), &model, r);
		frame_write(r, frame_count(n, at), out);
	}
}

void ints_open(struct ints_reader *in, struct reader *r, uint32_t n)
{
	*in = (struct ints_reader){ .r = r, .n = n };
	in->predictor = wire_get_u8(r);
	in->first = unzigzag(wire_get_varint(r));
	in->unit = wire_get_varint(r);
	in->step = unzigzag(wire_get_varint(r));
	in->slope = in->step;
	if (in->predictor >= PREDICTORS)
		r->failed = true;
}

static uint64_t predict(struct ints_reader *in, uint64_t residual)
{
	if (in->predictor == LEVEL)
		return in->done * in->step + residual;
	if (in->predictor == DELTA)
		return in->q + in->step + residual;
	in->slope += residual;
	return in->q + in->slope;
}

unsigned ints_next(struct ints_reader *in, int64_t out[FRAME_VALUES])
{
	uint64_t r[FRAME_VALUES];
	unsigned m = 1;

	if (in->r->failed || in->done == in->n)
		return 0;
	if (in->done == 0) {
		out[0] = (int64_t)in->first;
		in->done = 1;
		return 1;
	}
	m = frame_count(in->n, in->done);
	frame_read(in->r, r, m);
	if (in->r->failed)
		return 0;
	for (unsigned j = 0; j < m; j++, in->done++) {
		in->q = predict(in, r[j]);
		out[j] = (int64_t)(in->first + in->q * in->unit);
	}
	return m;
}
