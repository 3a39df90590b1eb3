/* How records travel between the threads of the store: a head and tagged values in a byte buffer.
 *
 *     u32 length | u8 op | u8 kind | u8 flags | u8 n | i64 id | i64 t | payload
 *
 * Host byte order, no padding; it never reaches the disk. A value is a tag (type, 0x80 = null) and 8 bytes of number,
 * or a u32 length and the bytes. Views that come out of value_get() point into the buffer, so the writer can bind
 * them without a copy. The producer is this process: decoding trusts it. Pure.
 */
#ifndef AUSPEX_STORE_CODEC_H
#define AUSPEX_STORE_CODEC_H

#include "store/store.h"

#define STORE_COLUMNS_MAX 24
#define VALUE_NULL        0x80

enum op {
	OP_RECORD = 1,
	OP_SERIES,
	OP_TICK,
	OP_TRIM,
	OP_DELETE,
	OP_UPDATE,
	OP_CONFIGURE,
	OP_ADOPTED,
	OP_RENEW,
	OP_CHORES
};

struct op_head {
	uint32_t len; /* of everything, head included */
	uint8_t op, kind, flags, n;
	int64_t id, t;
};

static inline size_t value_size(const struct store_value *v)
{
	if (v->null)
		return 1;
	return v->type >= STORE_TEXT ? 5 + v->v.len : 9;
}

size_t values_size(const struct store_value *v, size_t n);
/* Both return the place behind what they wrote or read. */
char *value_put(char *p, const struct store_value *v);
const char *value_get(const char *p, struct store_value *v);
static inline char *head_put(char *p, const struct op_head *head)
{
	memcpy(p, head, sizeof(*head));
	return p + sizeof(*head);
}
static inline const char *head_get(const char *p, struct op_head *head)
{
	memcpy(head, p, sizeof(*head));
	return p + sizeof(*head);
}

/* LEB128, at most 5 bytes; the ids of series in a tick row. */
#define VARINT_MAX 5
char *varint_put(char *p, uint32_t v);
/* NULL when the bytes end early or run too long: tick rows come from the disk. */
const char *varint_get(const char *p, const char *end, uint32_t *v);

#endif
