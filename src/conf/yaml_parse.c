/* Events to tree. The bounds are checked as events arrive, so that nothing grows past them first. */
#include "conf/yaml.h"

#include "yaml_dup.h"
#include "yaml_problem.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

/* A list or map that is still open. */
struct frame {
	struct yaml_node *node;
	struct yaml_node **tail; /* where the next member goes */
	bool have_key;
	struct view key;
	unsigned key_line, key_column;
};

struct anchor {
	struct view name;
	struct yaml_node *node;
};

struct build {
	const char *name;
	struct arena *arena;
	struct err *err;
	struct frame stack[YAML_MAX_DEPTH];
	unsigned depth;
	size_t nodes;
	struct anchor *anchors;
	size_t n_anchors;
	struct yaml_node *root;
	bool document_seen;
};

static int fail_at(struct build *b, const yaml_mark_t *mark, int code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static int fail_at(struct build *b, const yaml_mark_t *mark, int code, const char *fmt, ...)
{
	char place[256], text[400];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	snprintf(place, sizeof(place), "%s:%zu:%zu", b->name, mark->line + 1, mark->column + 1);
	return err_set(b->err, code, place, "%s", text);
}

static int fail_memory(struct build *b)
{
	return err_set(b->err, -ENOMEM, b->name, "out of memory");
}

static int new_node(struct build *b, enum yaml_type type, const yaml_mark_t *mark, struct yaml_node **out)
{
	if (++b->nodes > YAML_MAX_NODES)
		return fail_at(b, mark, ERR_FULL,
			       "more than %d values (expanded aliases count); split the file",
			       YAML_MAX_NODES);
	struct yaml_node *node = arena_zalloc(b->arena, sizeof(*node));
	if (!node)
		return fail_memory(b);
	node->type = type;
	node->line = (unsigned)mark->line + 1;
	node->column = (unsigned)mark->column + 1;
	*out = node;
	return 0;
}

static struct frame *top(struct build *b)
{
	return b->depth ? &b->stack[b->depth - 1] : NULL;
}

/* Hangs a finished or opened node under the innermost open container. */
static void attach(struct build *b, struct yaml_node *node)
{
	struct frame *f = top(b);
	if (!f) {
		b->root = node;
		return;
	}
	if (f->node->type == YAML_MAP) {
		node->key = f->key;
		node->key_line = f->key_line;
		node->key_column = f->key_column;
		f->have_key = false;
	}
	*f->tail = node;
	f->tail = &node->next;
	f->node->n++;
}

static bool wants_key(struct build *b)
{
	struct frame *f = top(b);
	return f && f->node->type == YAML_MAP && !f->have_key;
}

static int check_tag(struct build *b, const yaml_event_t *event, const yaml_char_t *tag)
{
	static const char core[] = "tag:yaml.org,2002:";
	static const char *const known[] = { "str", "int", "float", "bool", "null", "seq", "map" };
	const char *text = (const char *)tag;
	if (!text || strcmp(text, "!") == 0)
		return 0;
	for (size_t i = 0; strncmp(text, core, sizeof(core) - 1) == 0 && i < sizeof(known) / sizeof(known[0]);
	     i++)
		if (strcmp(text + sizeof(core) - 1, known[i]) == 0)
			return 0;
	return fail_at(b, &event->start_mark, ERR_UNSUPPORTED,
		       "the tag \"%.60s\" is not supported; remove it, or put the text in quotes", text);
}

static int remember_anchor(struct build *b, const yaml_event_t *event, const yaml_char_t *name,
			   struct yaml_node *node)
{
	if (!name)
		return 0;
	if (!b->anchors)
		b->anchors = arena_alloc(b->arena, YAML_MAX_ANCHORS * sizeof(*b->anchors));
	if (!b->anchors)
		return fail_memory(b);
	if (b->n_anchors == YAML_MAX_ANCHORS)
		return fail_at(b, &event->start_mark, ERR_FULL, "more than %d anchors; write the values out",
			       YAML_MAX_ANCHORS);
	size_t len = strlen((const char *)name);
	char *copy = arena_strndup(b->arena, (const char *)name, len);
	if (!copy)
		return fail_memory(b);
	b->anchors[b->n_anchors++] = (struct anchor){ { copy, len }, node };
	return 0;
}

static int on_key(struct build *b, const yaml_event_t *event)
{
	struct frame *f = top(b);
	const char *text = (const char *)event->data.scalar.value;
	size_t len = event->data.scalar.length;
	bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	if (plain && len == 0)
		return fail_at(b, &event->start_mark, ERR_SYNTAX,
			       "a key is missing before \":\"; write \"key: value\"");
	if (plain && len == 2 && memcmp(text, "<<", 2) == 0)
		return fail_at(b, &event->start_mark, ERR_UNSUPPORTED,
			       "merge keys (<<) are not supported; write the keys out");
	f->key = (struct view){ arena_strndup(b->arena, text, len), len };
	if (!f->key.data)
		return fail_memory(b);
	f->key_line = (unsigned)event->start_mark.line + 1;
	f->key_column = (unsigned)event->start_mark.column + 1;
	f->have_key = true;
	return 0;
}

static int on_scalar(struct build *b, const yaml_event_t *event)
{
	struct yaml_node *node = NULL;
	int rc = check_tag(b, event, event->data.scalar.tag);
	if (rc < 0)
		return rc;
	if (wants_key(b))
		return on_key(b, event);
	rc = new_node(b, YAML_SCALAR, &event->start_mark, &node);
	if (rc < 0)
		return rc;
	/* `!!str 5` is as good as quotes. */
	node->plain =
		event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && event->data.scalar.plain_implicit;
	node->text.len = event->data.scalar.length;
	node->text.data = arena_strndup(b->arena, (const char *)event->data.scalar.value, node->text.len);
	if (!node->text.data)
		return fail_memory(b);
	attach(b, node);
	return remember_anchor(b, event, event->data.scalar.anchor, node);
}

static int on_open(struct build *b, const yaml_event_t *event, enum yaml_type type, const yaml_char_t *tag,
		   const yaml_char_t *anchor)
{
	struct yaml_node *node = NULL;
	int rc = check_tag(b, event, tag);
	if (rc < 0)
		return rc;
	if (wants_key(b))
		return fail_at(b, &event->start_mark, ERR_SYNTAX,
			       "a key must be text, not a list or map; quote it");
	if (b->depth == YAML_MAX_DEPTH)
		return fail_at(b, &event->start_mark, ERR_DEPTH, "nested more than %d deep; flatten the file",
			       YAML_MAX_DEPTH);
	rc = new_node(b, type, &event->start_mark, &node);
	if (rc < 0)
		return rc;
	attach(b, node);
	b->stack[b->depth++] = (struct frame){ .node = node, .tail = &node->child };
	return remember_anchor(b, event, anchor, node);
}

static int on_close(struct build *b)
{
	struct yaml_node *node = b->stack[--b->depth].node;
	return node->type == YAML_MAP ? yaml_check_duplicates(node, b->name, b->arena, b->err) : 0;
}

/* Copies a subtree; `depth` is where its top will stand, counted in open containers. */
static int copy_tree(struct build *b, const yaml_mark_t *mark, const struct yaml_node *from, unsigned depth,
		     struct yaml_node **out)
{
	struct yaml_node *node = NULL;
	if (from->type != YAML_SCALAR && depth >= YAML_MAX_DEPTH)
		return fail_at(b, mark, ERR_DEPTH, "this alias nests more than %d deep; flatten the file",
			       YAML_MAX_DEPTH);
	int rc = new_node(b, from->type, mark, &node);
	if (rc < 0)
		return rc;
	*node = *from;
	node->child = node->next = NULL;
	*out = node;
	struct yaml_node **tail = &node->child;
	for (const struct yaml_node *c = from->child; c; c = c->next) {
		rc = copy_tree(b, mark, c, depth + 1, tail);
		if (rc < 0)
			return rc;
		tail = &(*tail)->next;
	}
	return 0;
}

static bool is_open(const struct build *b, const struct yaml_node *node)
{
	for (unsigned i = 0; i < b->depth; i++)
		if (b->stack[i].node == node)
			return true;
	return false;
}

static int on_alias(struct build *b, const yaml_event_t *event)
{
	const char *name = (const char *)event->data.alias.anchor;
	const yaml_mark_t *mark = &event->start_mark;
	struct yaml_node *source = NULL, *copy = NULL;
	for (size_t i = b->n_anchors; i-- > 0 && !source;) /* the latest of a name counts */
		if (view_eq(b->anchors[i].name, view_of(name)))
			source = b->anchors[i].node;
	if (!source)
		return fail_at(b, mark, ERR_UNKNOWN,
			       "the alias *%.60s has no anchor; write &%.60s before the value it means", name,
			       name);
	if (wants_key(b))
		return fail_at(b, mark, ERR_UNSUPPORTED,
			       "an alias as a key is not supported; write the key out");
	if (is_open(b, source))
		return fail_at(b, mark, ERR_SYNTAX,
			       "the alias *%.60s stands inside its own anchor; write the value out", name);
	int rc = copy_tree(b, mark, source, b->depth, &copy);
	if (rc < 0)
		return rc;
	copy->key = (struct view){ NULL, 0 }; /* the source's name is not the copy's */
	attach(b, copy);
	return 0;
}

static int on_document(struct build *b, const yaml_event_t *event)
{
	if (b->document_seen)
		return fail_at(
			b, &event->start_mark, ERR_UNSUPPORTED,
			"a second document begins here; one file holds one document, remove the \"---\"");
	b->document_seen = true;
	return 0;
}

static int on_event(struct build *b, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		return on_document(b, event);
	case YAML_ALIAS_EVENT:
		return on_alias(b, event);
	case YAML_SCALAR_EVENT:
		return on_scalar(b, event);
	case YAML_SEQUENCE_START_EVENT:
		return on_open(b, event, YAML_LIST, event->data.sequence_start.tag,
			       event->data.sequence_start.anchor);
	case YAML_MAPPING_START_EVENT:
		return on_open(b, event, YAML_MAP, event->data.mapping_start.tag,
			       event->data.mapping_start.anchor);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return on_close(b);
	default:
		return 0;
	}
}

/* An empty document, or one of comments only, is an empty map: nothing was configured. */
static int finish_root(struct build *b, struct yaml_node **root)
{
	static const yaml_mark_t start = { 0, 0, 0 };
	if (!b->root || yaml_is_null(b->root)) {
		int rc = new_node(b, YAML_MAP, &start, &b->root);
		if (rc < 0)
			return rc;
	}
	*root = b->root;
	return 0;
}

int yaml_parse(struct view text, const char *name, struct arena *arena, struct yaml_node **root,
	       struct err *err)
{
	struct build b = { .name = name, .arena = arena, .err = err };
	yaml_parser_t parser;
	bool ended = false;
	int rc = 0;
	if (text.len > YAML_MAX_BYTES)
		return err_set(err, ERR_FULL, name, "the file is larger than %u MiB; split it",
			       YAML_MAX_BYTES >> 20);
	if (!yaml_parser_initialize(&parser))
		return fail_memory(&b);
	yaml_parser_set_input_string(&parser, (const unsigned char *)text.data, text.len);
	while (rc == 0 && !ended) {
		yaml_event_t event;
		if (!yaml_parser_parse(&parser, &event)) {
			rc = yaml_problem_set(&parser, text, name, err);
			break;
		}
		ended = event.type == YAML_STREAM_END_EVENT;
		rc = on_event(&b, &event);
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	return rc < 0 ? rc : finish_root(&b, root);
}
