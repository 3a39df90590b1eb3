#include "dynamo_document.h"

#include "dynamo_value.h"

#include "base/num.h"

#include <stdio.h>

/* --- requests ------------------------------------------------------------------------------------------------------------- */

static struct jw begin(struct buf *out, const char *table)
{
	struct jw w = jw_init(out, JW_COMPACT);
	jw_obj(&w, NULL);
	jw_cstr(&w, "TableName", table);
	return w;
}

void dynamo_write_describe(struct buf *out, const char *table)
{
	struct jw w = begin(out, table);
	jw_end(&w);
}

static void put_pair(struct jw *w, const char *name, const char *value, const char *name_key,
		     const char *value_key)
{
	jw_obj(w, NULL);
	jw_cstr(w, name_key, name);
	jw_cstr(w, value_key, value);
	jw_end(w);
}

static void put_schema(struct jw *w, bool minutes)
{
	const char *hash = minutes ? "hostname_hour" : "hostname";
	jw_arr(w, "KeySchema");
	put_pair(w, hash, "HASH", "AttributeName", "KeyType");
	if (minutes)
		put_pair(w, "minute_timestamp", "RANGE", "AttributeName", "KeyType");
	jw_end(w);
	jw_arr(w, "AttributeDefinitions");
	put_pair(w, hash, "S", "AttributeName", "AttributeType");
	if (minutes)
		put_pair(w, "minute_timestamp", "N", "AttributeName", "AttributeType");
	jw_end(w);
}

void dynamo_write_create(struct buf *out, const char *table, enum dynamo_form form)
{
	bool minutes = form == DYNAMO_FORM_MINUTES;
	struct jw w = begin(out, table);
	put_schema(&w, minutes);
	jw_cstr(&w, "BillingMode", "PAY_PER_REQUEST");
	jw_arr(&w, "Tags");
	put_pair(&w, "Application", "kode-kronical", "Key", "Value");
	if (minutes)
		put_pair(&w, "Version", "v2-optimized", "Key", "Value");
	jw_end(&w);
	jw_end(&w);
}

void dynamo_write_ttl(struct buf *out, const char *table)
{
	struct jw w = begin(out, table);
	jw_obj(&w, "TimeToLiveSpecification");
	jw_bool(&w, "Enabled", true);
	jw_cstr(&w, "AttributeName", "ttl");
	jw_end(&w);
	jw_end(&w);
}

void dynamo_write_get(struct buf *out, const char *table, struct view host)
{
	struct jw w = begin(out, table);
	jw_obj(&w, "Key");
	dynamo_put_text(&w, "hostname", host);
	jw_end(&w);
	jw_end(&w);
}

void dynamo_write_put(struct buf *out, const char *table, struct view item)
{
	struct jw w = begin(out, table);
	jw_raw(&w, "Item", item);
	jw_end(&w);
}

void dynamo_write_put_fuller(struct buf *out, const char *table, struct view item, int64_t samples)
{
	struct jw w = begin(out, table);
	jw_raw(&w, "Item", item);
	jw_cstr(&w, "ConditionExpression", "attribute_not_exists(sample_count) OR sample_count <= :n");
	jw_obj(&w, "ExpressionAttributeValues");
	dynamo_put_int(&w, ":n", samples);
	jw_end(&w);
	jw_end(&w);
}

void dynamo_write_batch(struct buf *out, const char *table, const struct view *items, size_t n)
{
	struct jw w = jw_init(out, JW_COMPACT);
	jw_obj(&w, NULL);
	jw_obj(&w, "RequestItems");
	jw_arr(&w, table);
	for (size_t i = 0; i < n; i++) {
		jw_obj(&w, NULL);
		jw_obj(&w, "PutRequest");
		jw_raw(&w, "Item", items[i]);
		jw_end(&w);
		jw_end(&w);
	}
	jw_end(&w);
	jw_end(&w);
	jw_end(&w);
}

/* --- answers ---------------------------------------------------------------------------------------------------------------- */

/* A document with the memory its texts need. */
struct reader {
	struct json_doc doc;
	struct arena arena;
};

static int reader_open(struct reader *r, struct view text)
{
	struct err ignored;
	json_doc_init(&r->doc);
	arena_init(&r->arena, 1024);
	if (text.len && json_parse_all(&r->doc, text.data, text.len, 0, &ignored) == 0 &&
	    json_type(&r->doc, 0) == JSON_OBJECT)
		return 0;
	return ERR_SYNTAX;
}

static void reader_close(struct reader *r)
{
	arena_fini(&r->arena);
	json_doc_fini(&r->doc);
}

static struct view text_of(struct reader *r, json_ref object, const char *key)
{
	json_ref v = json_get(&r->doc, object, view_of(key));
	return json_type(&r->doc, v) == JSON_STRING ? json_string(&r->doc, v, &r->arena)
						    : (struct view){ NULL, 0 };
}

/* The row of a list whose `key` is `value`. */
static json_ref row_where(struct reader *r, json_ref list, const char *key, const char *value)
{
	for (json_ref row = json_first(&r->doc, list); row != JSON_NONE; row = json_next(&r->doc, list, row))
		if (view_eq(text_of(r, row, key), view_of(value)))
			return row;
	return JSON_NONE;
}

/* Is `name` that part of the key, and of that type? */
static bool key_is(struct reader *r, json_ref table, const char *name, const char *part, const char *type)
{
	json_ref schema = json_get(&r->doc, table, VIEW("KeySchema"));
	json_ref types = json_get(&r->doc, table, VIEW("AttributeDefinitions"));
	return view_eq(text_of(r, row_where(r, schema, "KeyType", part), "AttributeName"), view_of(name)) &&
	       view_eq(text_of(r, row_where(r, types, "AttributeName", name), "AttributeType"),
		       view_of(type));
}

static enum dynamo_form form_of(struct reader *r, json_ref table)
{
	json_ref schema = json_get(&r->doc, table, VIEW("KeySchema"));
	bool range = row_where(r, schema, "KeyType", "RANGE") != JSON_NONE;
	if (range)
		return key_is(r, table, "hostname_hour", "HASH", "S") &&
				       key_is(r, table, "minute_timestamp", "RANGE", "N")
			       ? DYNAMO_FORM_MINUTES
			       : DYNAMO_FORM_FOREIGN;
	if (key_is(r, table, "hostname", "HASH", "S"))
		return DYNAMO_FORM_REGISTRY;
	if (key_is(r, table, "id", "HASH", "N"))
		return DYNAMO_FORM_ID_NUMBER;
	return key_is(r, table, "id", "HASH", "S") ? DYNAMO_FORM_ID_TEXT : DYNAMO_FORM_FOREIGN;
}

int dynamo_read_table(struct view body, struct dynamo_table_state *out)
{
	struct reader r;
	int rc = reader_open(&r, body);
	if (rc == 0) {
		json_ref table = json_get(&r.doc, 0, VIEW("Table"));
		struct view status = text_of(&r, table, "TableStatus");
		out->active = view_eq(status, VIEW("ACTIVE")) || view_eq(status, VIEW("UPDATING"));
		out->form = form_of(&r, table);
		rc = status.len ? 0 : ERR_SYNTAX;
	}
	reader_close(&r);
	return rc;
}

int dynamo_read_system(struct view body, bool *found, double *first_seen)
{
	struct reader r;
	int rc = reader_open(&r, body);
	*first_seen = 0;
	if (rc == 0) {
		json_ref item = json_get(&r.doc, 0, VIEW("Item"));
		*found = json_type(&r.doc, item) == JSON_OBJECT;
		struct view seen = dynamo_get(&r.doc, item, "first_seen", "N", &r.arena);
		if (seen.len && num_parse_double(seen, first_seen) < 0)
			*first_seen = 0;
	}
	reader_close(&r);
	return rc;
}

static int read_minute_key(struct reader *r, json_ref item, struct dynamo_minute_key *out)
{
	struct view hour = dynamo_get(&r->doc, item, "hostname_hour", "S", &r->arena);
	struct view minute = dynamo_get(&r->doc, item, "minute_timestamp", "N", &r->arena);
	struct view samples = dynamo_get(&r->doc, item, "sample_count", "N", &r->arena);
	if (!hour.len || hour.len >= sizeof(out->hour) || num_parse_i64(minute, &out->minute) < 0)
		return ERR_SYNTAX;
	memcpy(out->hour, hour.data, hour.len);
	out->hour[hour.len] = '\0';
	if (!samples.len || num_parse_i64(samples, &out->samples) < 0)
		out->samples = 0;
	json_ref partial = json_get(&r->doc, item, VIEW("partial"));
	out->partial = json_type(&r->doc, json_get(&r->doc, partial, VIEW("BOOL"))) == JSON_TRUE;
	return 0;
}

int dynamo_read_minute_key(struct view item, struct dynamo_minute_key *out)
{
	struct reader r;
	int rc = reader_open(&r, item);
	if (rc == 0)
		rc = read_minute_key(&r, 0, out);
	reader_close(&r);
	return rc;
}

/* The key of an item of either form as one text; the service may send it back in another order and spacing than we wrote it. */
static bool key_text(struct reader *r, json_ref item, char *out, size_t size)
{
	struct dynamo_minute_key key;
	struct view id = dynamo_get(&r->doc, item, "id", "N", &r->arena);
	if (!id.len)
		id = dynamo_get(&r->doc, item, "id", "S", &r->arena);
	if (id.len)
		return snprintf(out, size, "%.*s", (int)id.len, id.data) > 0;
	if (read_minute_key(r, item, &key) < 0)
		return false;
	return snprintf(out, size, "%s %lld", key.hour, (long long)key.minute) > 0;
}

static bool item_is(struct view item, const char *key)
{
	struct reader r;
	char own[352];
	bool same = reader_open(&r, item) == 0 && key_text(&r, 0, own, sizeof(own)) && strcmp(own, key) == 0;
	reader_close(&r);
	return same;
}

/* A row that we never sent makes the answer worthless. */
static int tell_row(struct reader *r, json_ref item, const struct view *items, size_t n,
		    void (*cb)(void *arg, size_t index), void *arg)
{
	char key[352];
	bool ours = false;
	if (!key_text(r, item, key, sizeof(key)))
		return ERR_SYNTAX;
	for (size_t i = 0; i < n; i++)
		if (item_is(items[i], key)) {
			cb(arg, i);
			ours = true;
		}
	return ours ? 0 : ERR_SYNTAX;
}

int dynamo_read_unprocessed(struct view body, const struct view *items, size_t n,
			    void (*cb)(void *arg, size_t index), void *arg)
{
	struct reader r;
	int rc = reader_open(&r, body);
	json_ref tables = rc == 0 ? json_get(&r.doc, 0, VIEW("UnprocessedItems")) : JSON_NONE;
	json_ref table = json_first(&r.doc, tables); /* its key: we ask for one table */
	json_ref list = table == JSON_NONE ? JSON_NONE : table + 1;
	json_ref row = json_first(&r.doc, list);
	for (; rc == 0 && row != JSON_NONE; row = json_next(&r.doc, list, row)) {
		json_ref put = json_get(&r.doc, row, VIEW("PutRequest"));
		rc = tell_row(&r, json_get(&r.doc, put, VIEW("Item")), items, n, cb, arg);
	}
	reader_close(&r);
	return rc;
}
