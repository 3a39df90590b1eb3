/* A JSON document as a configuration tree, so that rules have one reader whatever they came in. */
#include "alert/rule.h"

#include "base/json.h"

#include <errno.h>

#define BODY_NODES 2000
#define BODY_DEPTH 8

struct grow {
	const struct json_doc *doc;
	struct arena *arena;
};

static struct yaml_node *node_of(const struct grow *g, json_ref ref);

static bool add_children(const struct grow *g, json_ref ref, struct yaml_node *node)
{
	struct yaml_node **end = &node->child;
	bool map = node->type == YAML_MAP;
	for (json_ref at = json_first(g->doc, ref); at != JSON_NONE; at = json_next(g->doc, ref, at)) {
		struct yaml_node *child = node_of(g, map ? at + 1 : at);
		if (!child)
			return false;
		if (map)
			child->key = json_string(g->doc, at, g->arena);
		*end = child;
		end = &child->next;
		node->n++;
	}
	return true;
}

static struct yaml_node *node_of(const struct grow *g, json_ref ref)
{
	struct yaml_node *node = arena_zalloc(g->arena, sizeof(*node));
	enum json_type type = json_type(g->doc, ref);
	if (!node)
		return NULL;
	if (type == JSON_OBJECT || type == JSON_ARRAY) {
		node->type = type == JSON_OBJECT ? YAML_MAP : YAML_LIST;
		return add_children(g, ref, node) ? node : NULL;
	}
	struct view text = type == JSON_STRING ? json_string(g->doc, ref, g->arena) : json_raw(g->doc, ref);
	char *copy = text.data ? arena_strndup(g->arena, text.data, text.len) : NULL;
	node->type = YAML_SCALAR;
	node->plain = type != JSON_STRING;
	node->text = (struct view){ copy, text.len };
	return copy ? node : NULL;
}

int alert_tree_from_json(struct view text, struct arena *arena, struct yaml_node **root, struct err *err)
{
	struct json_doc doc;
	struct err why = { 0 };
	json_doc_init(&doc);
	doc.max_nodes = BODY_NODES;
	doc.max_depth = BODY_DEPTH;
	int rc = json_parse_all(&doc, text.data, text.len, JSON_STRICT, &why);
	if (rc < 0) {
		err_set(err, rc, NULL, "the body is no JSON object: %s: %s", why.place, why.text);
	} else if (json_type(&doc, 0) != JSON_OBJECT) {
		rc = err_set(err, ERR_TYPE, NULL, "the body must be one JSON object {\"key\":value, …}");
	} else {
		struct grow grow = { &doc, arena };
		*root = node_of(&grow, 0);
		rc = *root ? 0 : err_set(err, -ENOMEM, NULL, "out of memory");
	}
	json_doc_fini(&doc);
	return rc;
}
