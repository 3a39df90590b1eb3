/* Manual pages in man(7), the macros that every formatter knows. */
#include "app/manual/manual.h"

#include <ctype.h>
#include <string.h>

#define PAGE_DATE "2026-11-22"

static void put_head(struct buf *out, const char *title, const char *section, const char *name,
		     const char *what)
{
	buf_printf(out,
		   ".\\\" Written by the build from the program's own tables.\n.TH %s %s %s \"Auspex %s\" "
		   "\"Auspex manual\"\n",
		   title, section, PAGE_DATE, AUSPEX_VERSION);
	buf_puts(out, ".ad l\n.nh\n"); /* long lists of names cannot be spread over a line */
	buf_printf(out, ".SH NAME\n%s \\- ", name);
	option_put_roff(out, what);
	buf_putc(out, '\n');
}

static void put_item(struct buf *out, const char *term, const char *text)
{
	buf_puts(out, ".TP\n.B ");
	option_put_roff(out, term);
	buf_putc(out, '\n');
	option_put_roff(out, text);
	buf_putc(out, '\n');
}

static void put_flag(struct buf *out, const struct cli_flag *f)
{
	buf_puts(out, ".TP\n");
	if (f->letter)
		buf_printf(out, ".BR \\-%c \", \" ", f->letter);
	else
		buf_puts(out, ".B ");
	buf_puts(out, "\\-\\-");
	option_put_roff(out, f->name);
	if (f->arg)
		buf_printf(out, f->letter ? " \" %s\"" : " %s", f->arg);
	buf_putc(out, '\n');
	option_put_roff(out, f->help);
	buf_putc(out, '\n');
}

static void put_details(struct buf *out, const char *text)
{
	size_t n = strlen(text);
	while (n && text[n - 1] == '\n')
		n--;
	struct buf copy;
	buf_init(&copy);
	buf_append(&copy, text, n);
	buf_puts(out, ".PP\n.nf\n");
	option_put_roff(out, buf_str(&copy));
	buf_puts(out, "\n.fi\n");
	buf_fini(&copy);
}

static void put_command(struct buf *out, const struct command *c)
{
	buf_printf(out, ".SS %s", c->name);
	for (const char *p = c->words; *p; p++) {
		char one[2] = { *p, 0 };
		if (p == c->words)
			buf_putc(out, ' ');
		option_put_roff(out, one);
	}
	buf_putc(out, '\n');
	option_put_roff(out, c->summary);
	buf_putc(out, '\n');
	if (c->details)
		put_details(out, c->details);
	for (size_t i = 0; i < c->n_flags; i++)
		put_flag(out, &c->flags[i]);
	if (c->takes == COMMAND_OPTIONS)
		buf_puts(out, ".PP\nTakes every option of\n.BR auspex.yml (5).\n");
	if (c->takes == COMMAND_CONFIG)
		buf_puts(out, ".PP\nThe options of\n.B auspex run\nare taken as well: they say which daemon "
			      "is meant.\n");
}

static void put_also(struct buf *out, const char *pages)
{
	buf_puts(out, ".SH SEE ALSO\n");
	buf_puts(out, pages);
}

static const char signals[] = ".SH SIGNALS\n"
			      ".TP\n.BR SIGTERM \", \" SIGINT\nFinish what was begun, store it, and end.\n"
			      ".TP\n.B SIGHUP\nRead the configuration again and open the log file anew; a "
			      "bad file changes nothing.\n";

static const char service[] =
	".TP\n.BR NOTIFY_SOCKET \", \" WATCHDOG_USEC \", \" LISTEN_FDS \", \" LISTEN_FDNAMES\n"
	"Set by a service manager: it is told when the daemon is ready, reloads or stops, and every half of "
	"the watchdog's time that it is\n"
	"alive; sockets that it passes are used instead of opening them (the name\n.B http\nmakes a Unix "
	"socket serve HTTP).\n";

void manual_write_auspex(struct buf *out)
{
	put_head(out, "AUSPEX", "1", "auspex", "watch a host and say what changed");
	buf_puts(out,
		 ".SH SYNOPSIS\n.B auspex\n.I command\n.RI [ options ]\n.br\n.B auspex as\n.I name\n.RI [ "
		 "options ]\n"
		 ".SH DESCRIPTION\n"
		 "One small daemon that watches a host and says what changed, why, and what comes next.\n"
		 "Without configuration,\n.B auspex run\nserves its page on http://127.0.0.1:8080/.\n"
		 ".PP\nWith\n.BR as ,\nor called by a link of that name, it takes the place of another "
		 "program; see\n"
		 ".BR patienced (8)\nand\n.BR kode\\-kronical\\-daemon (8).\n.SH COMMANDS\n");
	for (size_t i = 0; manual_commands[i]; i++)
		put_command(out, manual_commands[i]);
	buf_puts(out, ".SH OPTIONS\nEvery command takes\n.BR \\-\\-help .\n");
	static const struct cli_flag config = { "config", 'c', "FILE", "Configuration file.", NULL };
	put_flag(out, &config);
	put_item(out, "--version", "Print the version.");
	buf_puts(out, ".SH FILES\n");
	put_item(out, "~/.config/auspex/auspex.yml", "Configuration of this user.");
	put_item(out, "/etc/auspex/auspex.yml", "Configuration of this machine.");
	put_item(out, "~/.local/state/auspex/", "History, process id, socket; see state_dir.");
	buf_puts(out, ".SH ENVIRONMENT\n");
	put_item(out, "AUSPEX_CONFIG", "Configuration file, when --config is not given.");
	put_item(out, "AUSPEX_STATE_DIR", "State directory, when state_dir is not given.");
	put_item(out, "AUSPEX_*", "Every option; auspex.yml(5) names them.");
	buf_puts(out, service);
	buf_puts(out, ".SH EXIT STATUS\n");
	put_item(out, "0", "Done; for status: running.");
	put_item(out, "1", "It failed; the sentence on standard error says why.");
	put_item(out, "2", "The command line is wrong.");
	put_item(out, "3", "For status and reload: not running.");
	buf_puts(out, signals);
	put_also(out, ".BR auspex.yml (5),\n.BR patienced (8)\n");
}

void manual_write_yml(struct buf *out)
{
	put_head(out, "AUSPEX.YML", "5", "auspex.yml", "configuration of auspex");
	buf_puts(
		out,
		".SH DESCRIPTION\nOne YAML file; none is needed. It is named by\n.BR \\-\\-config ,\nby\n.BR "
		"AUSPEX_CONFIG ,\n"
		"or is the first of ~/.config/auspex/auspex.yml and /etc/auspex/auspex.yml.\n"
		"Options of a section stand below its name. A flag wins over the environment, the "
		"environment over the file.\n"
		".PP\n.B auspex config default\nprints a file with everything in it,\n.B auspex config "
		"check\nreads one and says what is wrong,\n"
		".B auspex config show\nprints what is in force.\n"
		".PP\nDurations are written as 300ms, 10s, 1h30m, 7d; sizes as 512KiB, 8MiB.\n.SH OPTIONS\n");
	option_write_man(settings_tables, SECTIONS, out);
	buf_puts(out, ".SH EXAMPLES\n.nf\nport: 8080\nlisten: [\"0.0.0.0:8443\"]\napi_key_files: "
		      "[/etc/auspex/key]\nretry:\n  max_runs: 50000\n.fi\n");
	put_also(out, ".BR auspex (1),\n.BR patienced (8)\n");
}

void manual_write_patienced(struct buf *out)
{
	struct patienced c;
	struct goflag flags[PATIENCED_FLAGS];
	patienced_defaults(&c);
	patienced_flags(&c, flags);
	put_head(out, "PATIENCED", "8", "patienced", "retry metrics and rate-limit slots");
	buf_puts(out, ".SH SYNOPSIS\n.B patienced\n.RI [ options ]\n.SH DESCRIPTION\n"
		      "Takes finished runs and coordination requests of retry clients on a Unix socket and "
		      "answers questions about them over HTTP.\n"
		      "It is\n.BR auspex (1)\nunder another name, with that program's flags, file, texts and "
		      "exit codes.\n.SH OPTIONS\n");
	for (size_t i = 0; i < PATIENCED_FLAGS; i++) {
		static const char *const kinds[] = { "", " int", " string", " duration" };
		buf_puts(out, ".TP\n.B \\-");
		option_put_roff(out, flags[i].name);
		buf_printf(out, "%s\n", kinds[flags[i].type]);
		option_put_roff(out, flags[i].help);
		if (flags[i].def_text) {
			buf_puts(out, " (default ");
			option_put_roff(out, flags[i].def_text);
			buf_putc(out, ')');
		}
		buf_puts(out, ".\n");
	}
	buf_puts(out, ".SH ENVIRONMENT\n");
	put_item(out,
		 "RETRY_SOCKET_PATH, RETRY_HTTP_PORT, RETRY_MAX_METRICS, RETRY_METRICS_MAX_AGE, "
		 "RETRY_LOG_LEVEL, RETRY_PID_FILE, "
		 "RETRY_ENABLE_HTTP, RETRY_ENABLE_PROFILING",
		 "As the keys of the file, in capitals. A flag wins over them, they win over the file.");
	buf_puts(out, service);
	buf_puts(out, ".SH FILES\n");
	put_item(out, c.socket, "The socket, unless another is named.");
	put_item(out, c.pid_file, "The process id, unless another is named.");
	put_item(out, "daemon.json",
		 "What -config names: a JSON object with the keys socket_path, http_port, max_metrics, "
		 "metrics_max_age, log_level, pid_file, enable_http, enable_profiling.");
	buf_puts(out, signals);
	put_also(out, ".BR auspex (1)\n");
}

void manual_write_kode(struct buf *out)
{
	put_head(out, "KODE\\-KRONICAL\\-DAEMON", "8", "kode\\-kronical\\-daemon",
		 "samples of the host for timed programs");
	buf_puts(out,
		 ".SH SYNOPSIS\n.B kode\\-kronical\\-daemon\n.RI [ options ]\n.I command\n.SH DESCRIPTION\n"
		 "Samples CPU, memory, network and processes of this machine, and writes each sample where "
		 "the timing library "
		 "kode\\-kronical finds it, so that it knows how busy the machine was during a call.\n"
		 "It is\n.BR auspex (1)\nunder another name, with that program's commands, files, texts and "
		 "exit codes.\n"
		 ".SH COMMANDS\n");
	put_item(out, "start", "Start it; returns when it runs. One that runs already is no fault.");
	put_item(out, "stop", "Stop it and wait for its end.");
	put_item(out, "restart", "Both; what the new one would refuse is told before the old one ends.");
	put_item(out, "status", "Tell whether it runs, and what it uses.");
	put_item(out, "config", "Write a configuration file, of this user or with --system of the machine.");
	put_item(out, "install", "Write a service file for systemd or launchd; nothing is started.");
	buf_puts(out, ".PP\n.B install\\-kode\\-kronical\\-service\nmakes it a service of systemd that is "
		      "enabled and "
		      "started; its option\n.B \\-\\-help\nlists the rest.\n");
	buf_puts(out, ".SH OPTIONS\nThey may stand before or after the command.\n");
	for (size_t i = 0; i < kode_n_flags; i++)
		put_flag(out, &kode_flags[i]);
	buf_puts(out, ".SH FILES\n");
	put_item(out, "~/.config/kode-kronical/daemon.yaml, " KODE_SYSTEM_CONFIG,
		 "The configuration, unless -c names another.");
	put_item(out, "~/.local/share/kode-kronical/metrics_*.json",
		 "The client files: replaced whole with every sample, never removed.");
	put_item(out, "~/.local/share/kode-kronical/daemon.log",
		 "The log; with --foreground it goes to standard output, too.");
	put_item(out, "~/.local/share/kode-kronical/daemon.pid", "The process id.");
	buf_puts(
		out,
		".SH CONFIGURATION\nSIGHUP takes the file anew; what only a restart can change is told. Keys "
		"that have no effect "
		"here (max_samples, export, statsd, api_allowed_ips, and what is not known) are named in one "
		"warning of the log. security.api_allowed_ips refuses nobody: where it stands, an API that "
		"other machines can reach "
		"is refused unless api_auth_enabled and api_auth_token close it.\n");
	buf_puts(out, ".SH EXIT STATUS\n");
	put_item(out, "0", "Done; for status: running.");
	put_item(out, "1", "It failed; the sentence on standard error says why.");
	put_item(out, "2", "The command line is wrong.");
	put_item(out, "3", "For status: not running.");
	buf_puts(out, signals);
	put_also(out, ".BR auspex (1)\n");
}
