#include "app/default_rules.h"

#include "series/key.h"

#include <errno.h>
#include <string.h>

#define NAME "built-in alert rules"

const char default_rules_text[] =
	"alerts:\n"
	"  # space\n"
	"  - {name: file system nearly full, series: 'system.filesystem.percent{*}', above: 90, for: 5m, "
	"clear: 87}\n"
	"  - {name: file system full, series: 'system.filesystem.percent{*}', above: 97, for: 1m, clear: 95, "
	"severity: critical}\n"
	"  - {name: inodes nearly used up, series: 'system.filesystem.inodes_percent{*}', above: 90, for: "
	"5m, clear: 87}\n"
	"  - {name: file system does not answer, series: 'system.filesystem.hung{*}', above: 0, severity: "
	"critical}\n"
	"  # memory\n"
	"  - {name: memory nearly used up, series: system.memory.percent, above: 95, for: 5m, clear: 92}\n"
	"  - {name: swap space nearly used up, series: system.swap.percent, above: 90, for: 10m, clear: 80}\n"
	"  - {name: swapping all the time, series: system.swap.in_bytes, above: 1048576, for: 5m, clear: "
	"{at: 524288, for: 5m}}\n"
	"  - {name: processes killed for want of memory, series: system.memory.oom_kills, rate: 0, clear: "
	"10m, severity: critical}\n"
	"  - {name: processes of a service killed for want of memory, series: 'system.cgroup.oom_kills{*}', "
	"rate: 0, clear: 10m}\n"
	"  # tasks that wait\n"
	"  - {name: memory pressure, series: 'system.pressure.avg60{of=memory_full}', above: 10, for: 2m, "
	"clear: 5}\n"
	"  - {name: disk pressure, series: 'system.pressure.avg300{of=io_full}', above: 40, for: 10m, clear: "
	"20}\n"
	"  - {name: processor pressure, series: 'system.pressure.avg300{of=cpu_some}', above: 90, for: 30m, "
	"clear: 70}\n"
	"  # errors\n"
	"  - {name: network receive errors, series: 'system.interface.rx_errors{*}', above: 1, for: 1m, "
	"clear: 5m}\n"
	"  - {name: network send errors, series: 'system.interface.tx_errors{*}', above: 1, for: 1m, clear: "
	"5m}\n"
	"  - {name: packets dropped on receipt, series: 'system.interface.rx_drops{*}', above: 100, for: 5m, "
	"clear: 5m}\n"
	"  - {name: packets dropped on sending, series: 'system.interface.tx_drops{*}', above: 10, for: 5m, "
	"clear: 5m}\n"
	"  - {name: network link down, series: 'system.interface.up{*}', below: 1, for: 1m}\n"
	"  - {name: receive queue of a core full, series: system.softnet.dropped, above: 1, for: 1m, clear: "
	"5m}\n"
	"  - {name: connections refused for a full accept queue, series: system.tcp.listen_overflows, above: "
	"1, for: 1m, clear: 5m}\n"
	"  - {name: datagrams lost to full buffers, series: system.udp.receive_buffer_errors, above: 10, "
	"for: 5m, clear: 5m}\n"
	"  # tables and temperatures\n"
	"  - {name: file table nearly full, series: system.files.percent, above: 90, for: 1m, clear: 80}\n"
	"  - {name: connection tracking nearly full, series: system.conntrack.percent, above: 90, for: 1m, "
	"clear: 80}\n"
	"  - {name: too hot, series: 'system.temperature{*}', above: 95, for: 2m, clear: 85, severity: "
	"critical}\n";

static bool is_there(const struct alert_rules *rules, struct view name)
{
	for (size_t i = 0; i < rules->n; i++)
		if (view_eq(rules->items[i].name, name))
			return true;
	return false;
}

static bool is_skipped(const struct option_list *skip, struct view name)
{
	for (size_t i = 0; i < skip->n; i++)
		if (series_key_match(view_of(skip->items[i]), name))
			return true;
	return false;
}

static int add_text(struct view text, struct alert_rules *rules, const struct option_list *skip,
		    struct arena *arena, struct err *err)
{
	struct yaml_node *root;
	struct alert_rules ours;
	int rc = yaml_parse(text, NAME, arena, &root, err);
	if (rc == 0)
		rc = alert_rules_read(NAME, yaml_get(root, "alerts"), arena, &ours, err);
	if (rc < 0)
		return rc;
	struct alert_rule *items = arena_alloc(arena, (rules->n + ours.n + 1) * sizeof(*items));
	if (!items)
		return err_set(err, -ENOMEM, NULL, "out of memory");
	if (rules->n)
		memcpy(items, rules->items, rules->n * sizeof(*items));
	rules->items = items;
	size_t of_the_user = rules->n;
	for (size_t i = 0; i < ours.n; i++) {
		struct alert_rules theirs = { items, of_the_user };
		if (is_there(&theirs, ours.items[i].name) || is_skipped(skip, ours.items[i].name))
			continue;
		ours.items[i].built_in = true;
		items[rules->n++] = ours.items[i];
	}
	return 0;
}

int default_rules_add(struct alert_rules *rules, const struct option_list *skip, struct arena *arena,
		      struct err *err)
{
	return add_text(view_of(default_rules_text), rules, skip, arena, err);
}

static int add_limit(const char *name, const char *series, double limit, struct alert_rules *rules,
		     struct arena *arena, struct err *err)
{
	static const struct option_list none = { 0 };
	if (limit < 0)
		return 0;
	const char *text = arena_printf(arena, "alerts:\n  - {name: %s, series: %s, above: %.17g}\n", name,
					series, limit);
	return text ? add_text(view_of(text), rules, &none, arena, err)
		    : err_set(err, -ENOMEM, NULL, "out of memory");
}

int threshold_rules_add(struct alert_rules *rules, const struct threshold_options *limits,
			struct arena *arena, struct err *err)
{
	int rc = add_limit("CPU above its threshold", "system.cpu.percent", limits->cpu, rules, arena, err);
	return rc == 0 ? add_limit("memory above its threshold", "system.memory.percent", limits->memory,
				   rules, arena, err)
		       : rc;
}
