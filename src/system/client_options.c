#include "system/client_files.h"

#define OPTIONS struct client_files_options
static const struct option rows[] = {
	OPT_PATH(OPTIONS, dir, "client_files", "", 0,
		 "Folder of the files that timing libraries read to learn how busy this machine was "
		 "(~/.local/share/kode-kronical is where they look); empty: none."),
	OPT_DURATION(OPTIONS, retention_ns, "client_retention", "24h", 0, 1e9, OPT_RELOAD,
		     "How far back they reach."),
	OPT_BOOL(OPTIONS, clock, "client_clock", "true", OPT_RELOAD,
		 "Write each sample by the monotonic clock, too: those libraries stamp their calls by it."),
	OPT_BOOL(OPTIONS, network, "client_network", "true", OPT_RELOAD, "Put the network's counters in."),
	OPT_ENUM(OPTIONS, layout, "client_layout", "fixed", "fixed|upstream", OPT_RELOAD,
		 "upstream: keep a further file of every client_span; each costs every timed call of a "
		 "client."),
	OPT_DURATION(OPTIONS, upstream_ns, "client_span", "60s", 1, 86400, OPT_RELOAD,
		     "What a file of the upstream layout spans."),
};
const struct option_table client_files_option_table = { "system", "The host: client files", rows,
							sizeof(rows) / sizeof(rows[0]), sizeof(OPTIONS) };
