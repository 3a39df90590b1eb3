/* Files that the kode-kronical daemon's commands write: its configuration and its service. */
#include "app/kode.h"

#include "app/pidfile.h"
#include "app/settings.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef __APPLE__
#define ON_MACOS true
#else
#define ON_MACOS false
#endif

static int write_file(const char *path, const char *text, const char *what)
{
	int rc = make_parent_dirs(path, 0755);
	FILE *out = rc == 0 ? fopen(path, "we") : NULL;
	if (rc == 0 && !out)
		rc = -errno;
	if (out && fputs(text, out) == EOF)
		rc = -EIO;
	if (out && fclose(out) != 0 && rc == 0)
		rc = -errno;
	if (rc < 0)
		fprintf(stderr, KODE_NAME ": error: cannot write the %s %s: %s\n", what, path, err_text(rc));
	return rc;
}

/* --- config ------------------------------------------------------------------------------------------------------------ */

static const char *config_path(bool system, const char *home, struct arena *arena)
{
	return system ? KODE_SYSTEM_CONFIG
		      : arena_printf(arena, "%s/.config/kode-kronical/daemon.yaml", home);
}

/* Scripts edit and grep single lines of it: the keys with their values must stay as they are. */
static const char *config_text(bool system, const char *home, struct arena *arena)
{
	const char *log = system ? KODE_SYSTEM_LOG
				 : arena_printf(arena, "%s/.local/share/kode-kronical/daemon.log", home);
	return arena_printf(
		arena,
		"# Configuration of " KODE_NAME ". Every key may be left out.\n"
		"daemon:\n"
		"  # Seconds from one sample to the next\n"
		"  sample_interval: 1.0\n"
		"\n"
		"  # Samples in memory (kept for older versions; memory is bounded anyway)\n"
		"  max_samples: 3600\n"
		"\n"
		"  # Hours that local data is kept\n"
		"  data_retention_hours: 24\n"
		"\n"
		"  # Count what the network interfaces carry\n"
		"  enable_network_monitoring: true\n"
		"\n"
		"  # Where everything is written\n"
		"  data_dir: \"%s/.local/share/kode-kronical\"\n"
		"  log_file: \"%s\"\n"
		"  pid_file: \"%s/.local/share/kode-kronical/daemon.pid\"\n"
		"\n"
		"  # Upload to DynamoDB: one item a minute, the tables are made when they are missing\n"
		"  enable_dynamodb_upload: false\n"
		"  dynamodb_table_name: \"kode-kronical-system\"\n"
		"  dynamodb_region: \"us-east-1\"\n"
		"  registry_table_name: \"kode-kronical-systems-registry\"\n"
		"\n"
		"  # Further programs whose processes are watched (Python is anyway), and limits that are "
		"worth a warning\n"
		"  # track_processes: [node, java]\n"
		"  # cpu_alert_threshold: 90\n"
		"  # memory_alert_threshold: 85\n"
		"\n"
		"# Credentials, when not those of the environment\n"
		"# aws:\n"
		"#   profile: \"default\"\n"
		"#   region: \"us-east-1\"\n",
		home, log, home);
}

/* Anything but a clear yes is a no. */
static bool may_overwrite(const char *path)
{
	char answer[16] = "";
	printf("Config file already exists: %s\nOverwrite? (y/N): ", path);
	fflush(stdout);
	if (!fgets(answer, sizeof(answer), stdin)) {
		putchar('\n');
		return false;
	}
	return strcasecmp(answer, "y\n") == 0 || strcasecmp(answer, "y") == 0;
}

static int write_config(bool system, const char *home, struct arena *arena)
{
	const char *path = config_path(system, home, arena), *text = config_text(system, home, arena);
	if (!path || !text)
		return -ENOMEM;
	if (access(path, F_OK) == 0 && !may_overwrite(path))
		return 0;
	int rc = write_file(path, text, "configuration");
	if (rc == 0)
		printf("Configuration file created: %s\n\nEdit this file to customize daemon settings.\n\n"
		       "To start the daemon: " KODE_NAME " -c %s start\n",
		       path, path);
	return rc;
}

static const char *home_or_fail(const char *const *env, struct arena *arena)
{
	const char *home = kode_home(env, arena);
	if (!home)
		fputs(KODE_NAME ": error: HOME is not set\n", stderr);
	return home;
}

int kode_write_config(const struct kode_args *args, const char *const *env, struct arena *arena)
{
	const char *home = home_or_fail(env, arena);
	return home && write_config(args->system && !args->user, home, arena) == 0 ? 0 : 1;
}

/* --- install ----------------------------------------------------------------------------------------------------------- */

static bool is_program(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

/* The link of that name in PATH; else this very program, told who to be. As words for a service file. */
static const char *command_words(const char *const *env, struct arena *arena)
{
	const char *path = env_get(env, "PATH");
	char self[PATH_MAX];
	while (path && *path) {
		size_t n = strcspn(path, ":");
		const char *file =
			n && *path == '/' ? arena_printf(arena, "%.*s/" KODE_NAME, (int)n, path) : NULL;
		if (file && is_program(file))
			return file;
		path += n + (path[n] == ':');
	}
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n <= 0)
		return NULL;
	self[n] = 0;
	return arena_printf(arena, "%s as " KODE_NAME, self);
}

static const char *unit_text(bool user, const char *words, const char *config, struct arena *arena)
{
	return arena_printf(arena,
			    "[Unit]\n"
			    "Description=KodeKronical System Monitoring Daemon\n"
			    "After=network.target\n"
			    "\n"
			    "[Service]\n"
			    "Type=simple\n"
			    "ExecStart=%s -c %s start --foreground\n"
			    "ExecStop=%s -c %s stop\n"
			    "ExecReload=/bin/kill -HUP $MAINPID\n"
			    "Restart=on-failure\n"
			    "RestartSec=5\n"
			    "\n"
			    "[Install]\n"
			    "WantedBy=%s\n",
			    words, config, words, config, user ? "default.target" : "multi-user.target");
}

static const char *plist_text(const char *words, const char *config, struct arena *arena)
{
	struct buf b;
	buf_init(&b);
	buf_puts(&b,
		 "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		 "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" "
		 "\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n"
		 "<plist "
		 "version=\"1.0\">\n<dict>\n\t<key>Label</key>\n\t<string>com.kodekronical.daemon</string>\n"
		 "\t<key>ProgramArguments</key>\n\t<array>\n");
	for (const char *p = words; *p;) {
		size_t n = strcspn(p, " ");
		buf_printf(&b, "\t\t<string>%.*s</string>\n", (int)n, p);
		p += n + (p[n] == ' ');
	}
	buf_printf(&b,
		   "\t\t<string>-c</string>\n\t\t<string>%s</string>\n\t\t<string>start</"
		   "string>\n\t\t<string>--foreground</string>\n\t</array>\n"
		   "\t<key>RunAtLoad</key>\n\t<true/>\n\t<key>KeepAlive</key>\n\t<true/>\n"
		   "\t<key>StandardErrorPath</key>\n\t<string>/tmp/kode-kronical-daemon.err</string>\n"
		   "\t<key>StandardOutPath</key>\n\t<string>/tmp/kode-kronical-daemon.out</string>\n</"
		   "dict>\n</plist>\n",
		   config);
	const char *copy = b.failed ? NULL : arena_strdup(arena, buf_str(&b));
	buf_fini(&b);
	return copy;
}

static void print_next(bool user, const char *path)
{
	const char *sudo = user ? "" : "sudo ", *whose = user ? " --user" : "";
	printf("Service file created: %s\n", path);
	if (ON_MACOS)
		printf("\nTo start the service:\n  %slaunchctl load %s\n\nTo stop the service:\n  "
		       "%slaunchctl unload %s\n",
		       sudo, path, sudo, path);
	else
		printf("\nTo enable and start the service:\n  %ssystemctl%s daemon-reload\n  %ssystemctl%s "
		       "enable " KODE_NAME "\n  %ssystemctl%s start " KODE_NAME "\n",
		       sudo, whose, sudo, whose, sudo, whose);
}

static const char *service_path(bool user, const char *home, struct arena *arena)
{
	if (ON_MACOS)
		return user ? arena_printf(arena, "%s/Library/LaunchAgents/com.kodekronical.daemon.plist",
					   home)
			    : "/Library/LaunchDaemons/com.kodekronical.daemon.plist";
	return user ? arena_printf(arena, "%s/.config/systemd/user/" KODE_NAME ".service", home)
		    : "/etc/systemd/system/" KODE_NAME ".service";
}

/* On Linux of the machine unless --user is said; on macOS of the user unless --system is. */
int kode_install(const struct kode_args *args, const char *const *env, struct arena *arena)
{
	const char *home = home_or_fail(env, arena), *words = command_words(env, arena);
	bool user = ON_MACOS ? args->user || !args->system : args->user;
	if (!home)
		return 1;
	const char *config = args->config ? args->config : config_path(!user, home, arena);
	const char *path = service_path(user, home, arena);
	const char *text = !words || !config || !path ? NULL
			   : ON_MACOS                 ? plist_text(words, config, arena)
						      : unit_text(user, words, config, arena);
	if (!text) {
		fputs(KODE_NAME ": error: this program's own path cannot be found\n", stderr);
		return 1;
	}
	if (access(config, F_OK) < 0) {
		puts("Generating configuration file...");
		if (write_config(!user, home, arena) < 0)
			return 1;
	}
	if (write_file(path, text, "service file") < 0)
		return 1;
	print_next(user, path);
	return 0;
}
