#include "app/kode_config.h"

#include "app/kode_ignored.h"
#include "app/settings.h"
#include "conf/yaml.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DAEMON struct kode_daemon
static const struct option daemon_rows[] = {
	OPT_NUM(DAEMON, sample_interval, "sample_interval", "1", 0.1, 3600, "s", 0,
		"Seconds between samples."),
	OPT_NUM(DAEMON, data_retention_hours, "data_retention_hours", "24", 0, 1e6, "h", 0,
		"Age of the data."),
	OPT_INT(DAEMON, max_samples, "max_samples", "3600", 0, 1e12, "samples", 0, "Not used."),
	OPT_BOOL(DAEMON, enable_network_monitoring, "enable_network_monitoring", "true", 0,
		 "Network counters."),
	OPT_PATH(DAEMON, data_dir, "data_dir", "", 0, "Client files."),
	OPT_PATH(DAEMON, log_file, "log_file", "", 0, "Log."),
	OPT_PATH(DAEMON, pid_file, "pid_file", "", 0, "Process id."),
	OPT_ENUM(DAEMON, log_level, "log_level", "info", "debug|info|warning|error|critical|warn", 0,
		 "Log level."),
	OPT_LIST(DAEMON, track_processes, "track_processes", "", 0, "Names of programs."),
	OPT_NUM(DAEMON, cpu_alert_threshold, "cpu_alert_threshold", "-1", -1, 1e6, "percent", 0, "Warning."),
	OPT_NUM(DAEMON, memory_alert_threshold, "memory_alert_threshold", "-1", -1, 1e6, "percent", 0,
		"Warning."),
	OPT_BOOL(DAEMON, enable_dynamodb_upload, "enable_dynamodb_upload", "false", 0, "Upload."),
	OPT_STRING(DAEMON, dynamodb_table_name, "dynamodb_table_name", "kode-kronical-system", 0, "Table."),
	OPT_STRING(DAEMON, registry_table_name, "registry_table_name", "kode-kronical-systems-registry", 0,
		   "Table."),
	OPT_STRING(DAEMON, dynamodb_region, "dynamodb_region", "", 0, "Region."),
	OPT_STRING(DAEMON, dynamodb_endpoint_url, "dynamodb_endpoint_url", "", 0, "Another server."),
	OPT_NUM(DAEMON, upload_interval, "upload_interval", "60", 1, 86400, "s", 0,
		"Seconds between uploads."),
	OPT_ENUM(DAEMON, export_layout, "export_layout", "fixed", "fixed|upstream", 0, "Client files."),
	OPT_BOOL(DAEMON, clock_shadow, "clock_shadow", "true", 0, "Client files by the monotonic clock."),
	OPT_BOOL(DAEMON, persist, "persist", "true", 0, "Keep a history."),
	OPT_BOOL(DAEMON, mask_secrets, "mask_secrets", "true", 0, "Mask secrets in command lines."),
	OPT_PATH(DAEMON, state_dir, "state_dir", "", 0, "History."),
};
#define AWS struct kode_aws
static const struct option aws_rows[] = {
	OPT_STRING(AWS, profile, "profile", "", 0, "Profile of the shared files."),
	OPT_STRING(AWS, region, "region", "", 0, "Region."),
};
#define MONITORING struct kode_monitoring
static const struct option monitoring_rows[] = {
	OPT_BOOL(MONITORING, auto_track_python, "auto_track_python", "true", 0, "Track Python."),
	OPT_LIST(MONITORING, track_processes, "track_processes", "", 0, "Names of programs."),
	OPT_NUM(MONITORING, cpu_alert_threshold, "cpu_alert_threshold", "-1", -1, 1e6, "percent", 0,
		"Warning."),
	OPT_NUM(MONITORING, memory_alert_threshold, "memory_alert_threshold", "-1", -1, 1e6, "percent", 0,
		"Warning."),
};
#define INTEGRATION struct kode_integration
static const struct option integration_rows[] = {
	OPT_BOOL(INTEGRATION, enable_api, "enable_api", "false", 0, "Serve HTTP."),
	OPT_STRING(INTEGRATION, api_host, "api_host", "127.0.0.1", 0, "Address."),
	OPT_INT(INTEGRATION, api_port, "api_port", "9090", 1, 65535, "", 0, "Port."),
	OPT_BOOL(INTEGRATION, enable_prometheus, "enable_prometheus", "false", 0, "Serve /metrics."),
	OPT_INT(INTEGRATION, prometheus_port, "prometheus_port", "9091", 1, 65535, "", 0, "Port."),
};
#define SECURITY struct kode_security
static const struct option security_rows[] = {
	OPT_BOOL(SECURITY, api_auth_enabled, "api_auth_enabled", "false", 0, "Ask for the token."),
	OPT_STRING(SECURITY, api_auth_token, "api_auth_token", "", OPT_SECRET, "The token."),
	OPT_LIST(SECURITY, api_allowed_ips, "api_allowed_ips", "", 0, "Not used."),
};

#define TABLE(name, type)                                                                                    \
	static const struct option_table name##_table = { #name, #name, name##_rows,                         \
							  sizeof(name##_rows) / sizeof(name##_rows[0]),      \
							  sizeof(type) }
TABLE(daemon, DAEMON);
TABLE(aws, AWS);
TABLE(monitoring, MONITORING);
TABLE(integration, INTEGRATION);
TABLE(security, SECURITY);
#define SECTIONS_OF_KODE 5

static void sections_of(struct kode *k, struct option_section out[SECTIONS_OF_KODE])
{
	out[0] = (struct option_section){ &daemon_table, &k->daemon };
	out[1] = (struct option_section){ &aws_table, &k->aws };
	out[2] = (struct option_section){ &monitoring_table, &k->monitoring };
	out[3] = (struct option_section){ &integration_table, &k->integration };
	out[4] = (struct option_section){ &security_table, &k->security };
}

/* --- one value --------------------------------------------------------------------------------------------------------- */

static int set_list(const struct option *row, void *values, const struct yaml_node *node, const char *place,
		    struct arena *arena, struct err *err)
{
	struct view *items = arena_alloc(arena, (node->n + 1) * sizeof(*items));
	size_t n = 0;
	if (!items)
		return -ENOMEM;
	for (const struct yaml_node *i = node->child; i; i = i->next) {
		if (i->type != YAML_SCALAR)
			return err_set(err, ERR_TYPE, place, "%s must be a list of names", row->key);
		items[n++] = i->text;
	}
	return option_set_list(row, values, items, n, place, arena, err);
}

static int set_value(const char *file, const struct option *row, void *values, const struct yaml_node *node,
		     struct arena *arena, struct err *err)
{
	char place[256];
	if (yaml_is_null(node))
		return 0;
	yaml_place(file, node, place, sizeof(place));
	if (node->type == YAML_LIST && row->type == OPT_T_LIST)
		return set_list(row, values, node, place, arena, err);
	if (node->type != YAML_SCALAR)
		return err_set(err, ERR_TYPE, place, "%s must be a single value", row->key);
	return option_set_text(row, values, node->text, place, arena, err);
}

static bool is_path(const char *key)
{
	return strcmp(key, "pid_file") == 0 || strcmp(key, "log_file") == 0 || strcmp(key, "data_dir") == 0;
}

/* The paths, or everything else: whoever only wants to stop the daemon needs no more than them. */
static int apply_section(const char *file, const struct option_section *s, const struct yaml_node *map,
			 bool paths, struct arena *arena, struct err *err)
{
	int rc = 0;
	for (const struct yaml_node *node = map ? map->child : NULL; node && rc == 0; node = node->next) {
		const struct option *row = option_find(s->table, node->key);
		if (row && is_path(row->key) == paths)
			rc = set_value(file, row, s->values, node, arena, err);
	}
	return rc;
}

static int check_shape(const char *file, const struct yaml_node *node, const char *what, struct err *err)
{
	char place[256];
	if (!node || node->type == YAML_MAP || yaml_is_null(node))
		return 0;
	yaml_place(file, node, place, sizeof(place));
	return err_set(err, ERR_TYPE, place, "%s must be a mapping of keys to values, not %s", what,
		       node->type == YAML_LIST ? "a list" : "a single value");
}

static int apply_file(struct kode *k, const char *file, struct arena *arena, struct err *err)
{
	struct option_section sections[SECTIONS_OF_KODE];
	struct yaml_node *root;
	int rc = yaml_load_file(file, arena, &root, err);
	if (rc == 0)
		rc = check_shape(file, root, "the configuration", err);
	if (rc < 0)
		return rc;
	sections_of(k, sections);
	for (int paths = 1; paths >= 0; paths--) {
		for (size_t i = 0; rc == 0 && i < SECTIONS_OF_KODE; i++) {
			const char *name = sections[i].table->section;
			const struct yaml_node *map = yaml_get(root, name);
			rc = check_shape(file, map, name, err);
			if (rc == 0 && map && map->type == YAML_MAP)
				rc = apply_section(file, &sections[i], map, paths, arena, err);
		}
		k->have_paths = k->have_paths || (rc == 0 && paths);
	}
	k->ignored = kode_ignored_keys(root, sections, SECTIONS_OF_KODE, arena);
	return rc;
}

/* --- the whole ------------------------------------------------------------------------------------------------------------ */

const char *kode_home(const char *const *env, struct arena *arena)
{
	const char *home = env_get(env, "HOME");
	if (home && *home)
		return home;
	const struct passwd *user = getpwuid(getuid());
	return user && user->pw_dir ? arena_strdup(arena, user->pw_dir) : NULL;
}

const char *kode_region(const struct kode *k)
{
	return *k->daemon.dynamodb_region ? k->daemon.dynamodb_region : k->aws.region;
}

static const char *find_file(const struct kode *k, struct arena *arena)
{
	const char *own = arena_printf(arena, "%s/.config/kode-kronical/daemon.yaml", k->home);
	if (own && access(own, F_OK) == 0)
		return own;
	return access(KODE_SYSTEM_CONFIG, F_OK) == 0 ? KODE_SYSTEM_CONFIG : NULL;
}

static int default_paths(struct kode *k, struct arena *arena)
{
	struct kode_daemon *d = &k->daemon;
	const char *dir = arena_printf(arena, "%s/.local/share/kode-kronical", k->home);
	if (!*d->data_dir)
		d->data_dir = dir;
	if (!*d->log_file)
		d->log_file = arena_printf(arena, "%s/daemon.log", d->data_dir);
	if (!*d->pid_file)
		d->pid_file = arena_printf(arena, "%s/daemon.pid", d->data_dir);
	return dir && d->log_file && d->pid_file ? 0 : -ENOMEM;
}

static int join_monitoring(struct kode *k, struct arena *arena)
{
	struct kode_daemon *d = &k->daemon;
	const struct kode_monitoring *m = &k->monitoring;
	if (d->cpu_alert_threshold < 0)
		d->cpu_alert_threshold = m->cpu_alert_threshold;
	if (d->memory_alert_threshold < 0)
		d->memory_alert_threshold = m->memory_alert_threshold;
	size_t n = d->track_processes.n + m->track_processes.n;
	const char **items = arena_zalloc(arena, (n + 1) * sizeof(*items));
	if (!items)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		items[i] = i < d->track_processes.n ? d->track_processes.items[i]
						    : m->track_processes.items[i - d->track_processes.n];
	d->track_processes = (struct option_list){ items, n };
	return 0;
}

int kode_load(struct kode *k, const char *file, const char *const *env, struct arena *arena, struct err *err)
{
	struct option_section sections[SECTIONS_OF_KODE];
	memset(k, 0, sizeof(*k));
	sections_of(k, sections);
	int rc = option_defaults(sections, SECTIONS_OF_KODE, arena, err);
	if (rc < 0)
		return rc;
	k->home = kode_home(env, arena);
	if (!k->home)
		return err_set(err, ERR_MISSING, NULL,
			       "HOME is not set, and the user database knows no home either");
	k->file = file ? file : find_file(k, arena);
	if (k->file)
		rc = apply_file(k, k->file, arena, err);
	int paths = default_paths(k, arena);
	rc = rc == 0 ? paths : rc;
	return rc == 0 ? join_monitoring(k, arena) : rc;
}
