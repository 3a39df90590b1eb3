/* What the kode-kronical daemon can be told, and where it is told: a YAML file that -c names, else ~/.config/kode-kronical/daemon.yaml, else
 * /etc/kode-kronical/daemon.yaml, else nothing at all (contract of the host service, 5.3).
 *
 * Keys and sections that are not known are never an error, because that program never read them; a value that cannot be is one. An empty file and
 * `daemon:` without a value are defaults. `track_processes` and the two thresholds may stand under `daemon` or `monitoring`; `daemon` wins, lists are
 * joined.
 */
#ifndef AUSPEX_APP_KODE_CONFIG_H
#define AUSPEX_APP_KODE_CONFIG_H

#include "base/arena.h"
#include "base/err.h"
#include "conf/option.h"

#define KODE_SYSTEM_CONFIG "/etc/kode-kronical/daemon.yaml"
#define KODE_SYSTEM_LOG    "/var/log/kode-kronical-daemon.log"

struct kode_daemon {
	double sample_interval; /* seconds, > 0 */
	double data_retention_hours;
	int64_t max_samples; /* of that program's memory; nothing here depends on it */
	bool enable_network_monitoring;
	const char *data_dir, *log_file,
		*pid_file; /* the first has a default below HOME, the others one below it */
	int log_level;     /* enum kode_level */
	struct option_list track_processes;
	double cpu_alert_threshold, memory_alert_threshold; /* percent; < 0: not set */
	bool enable_dynamodb_upload;
	const char *dynamodb_table_name, *registry_table_name;
	const char *dynamodb_region;       /* "" not set */
	const char *dynamodb_endpoint_url; /* ours; "" not set */
	double upload_interval;            /* seconds */
	/* Ours. */
	int export_layout; /* enum client_layout */
	bool clock_shadow, persist, mask_secrets;
	const char *state_dir; /* "" the usual one */
};
enum kode_level { KODE_DEBUG, KODE_INFO, KODE_WARNING, KODE_ERROR, KODE_CRITICAL, KODE_WARN };
struct kode_aws {
	const char *profile, *region; /* "" not set */
};
struct kode_monitoring {
	bool auto_track_python;
	struct option_list track_processes;
	double cpu_alert_threshold, memory_alert_threshold;
};
struct kode_integration {
	bool enable_api, enable_prometheus;
	int64_t api_port, prometheus_port;
	const char *api_host;
};
struct kode_security {
	bool api_auth_enabled;
	const char *api_auth_token;
	struct option_list api_allowed_ips; /* not honoured: kode.c refuses what would rely on it */
};

struct kode {
	const char *home; /* never NULL */
	const char *file; /* that was read; NULL: none */
	struct kode_daemon daemon;
	struct kode_aws aws;
	struct kode_monitoring monitoring;
	struct kode_integration integration;
	struct kode_security security;
	const char *ignored; /* line about what the file says in vain (kode_ignored.h); NULL: nothing */
	bool have_paths; /* data_dir, log_file and pid_file were read, even if something else in the file is wrong */
};

/* `file`: what -c names, or NULL. Strings live in the arena. 0; a code with a sentence. */
int kode_load(struct kode *k, const char *file, const char *const *env, struct arena *arena, struct err *err);
/* $HOME, else of the user database; NULL when neither knows it. */
const char *kode_home(const char *const *env, struct arena *arena);
/* The region of the upload: dynamodb_region, else that of `aws`, else "" (as AWS's own tools find it). */
const char *kode_region(const struct kode *k);

#endif
