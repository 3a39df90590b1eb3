#include "upload_registry.h"

#include "dynamo_value.h"

void upload_registry_write_all(struct buf *out, const char *table, const struct upload_system *s)
{
	struct jw w = jw_init(out, JW_COMPACT);
	jw_obj(&w, NULL);
	jw_cstr(&w, "TableName", table);
	jw_obj(&w, "Item");
	dynamo_put_text(&w, "hostname", s->host);
	dynamo_put_text(&w, "platform", s->platform);
	if (s->first_seen > 0)
		dynamo_put_number(&w, "first_seen", s->first_seen, 6);
	else
		dynamo_put_seconds(&w, "first_seen", s->now);
	dynamo_put_seconds(&w, "last_seen", s->now);
	dynamo_put_iso(&w, "last_update", s->now);
	dynamo_put_bool(&w, "active", true);
	dynamo_put_text(&w, "status", s->online ? VIEW("online") : VIEW("offline"));
	dynamo_put_number(&w, "cpu_percent", s->cpu_percent, 1);
	dynamo_put_number(&w, "memory_percent", s->memory_percent, 1);
	jw_end(&w);
	jw_end(&w);
}

/* Up to its values, which the caller adds before two jw_end. `status` is a word of the language: it goes by another name. */
static struct jw begin_update(struct buf *out, const char *table, const struct upload_system *s,
			      const char *expression)
{
	struct jw w = jw_init(out, JW_COMPACT);
	jw_obj(&w, NULL);
	jw_cstr(&w, "TableName", table);
	jw_obj(&w, "Key");
	dynamo_put_text(&w, "hostname", s->host);
	jw_end(&w);
	jw_cstr(&w, "UpdateExpression", expression);
	jw_obj(&w, "ExpressionAttributeNames");
	jw_cstr(&w, "#status", "status");
	jw_end(&w);
	jw_obj(&w, "ExpressionAttributeValues");
	dynamo_put_text(&w, ":status", s->online ? VIEW("online") : VIEW("offline"));
	dynamo_put_iso(&w, ":last_update", s->now);
	return w;
}

void upload_registry_write_start(struct buf *out, const char *table, const struct upload_system *s)
{
	struct jw w =
		begin_update(out, table, s,
			     "SET last_seen = :last_seen, last_update = :last_update, active = :active, "
			     "#status = :status");
	dynamo_put_seconds(&w, ":last_seen", s->now);
	dynamo_put_bool(&w, ":active", true);
	jw_end(&w);
	jw_end(&w);
}

void upload_registry_write_minute(struct buf *out, const char *table, const struct upload_system *s)
{
	struct jw w = begin_update(
		out, table, s,
		"SET last_seen = :last_seen, last_update = :last_update, cpu_percent = :cpu, "
		"memory_percent = :memory, #status = :status, platform = :platform, active = :active, "
		"first_seen = if_not_exists(first_seen, :last_seen)");
	dynamo_put_seconds(&w, ":last_seen", s->now);
	dynamo_put_number(&w, ":cpu", s->cpu_percent, 1);
	dynamo_put_number(&w, ":memory", s->memory_percent, 1);
	dynamo_put_text(&w, ":platform", s->platform);
	dynamo_put_bool(&w, ":active", true);
	jw_end(&w);
	jw_end(&w);
}

void upload_registry_write_end(struct buf *out, const char *table, const struct upload_system *s)
{
	struct jw w = begin_update(out, table, s, "SET #status = :status, last_update = :last_update");
	jw_end(&w);
	jw_end(&w);
}
