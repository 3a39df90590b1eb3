/* Writes one document to standard output: auspex.1, auspex.yml.5, patienced.8, kode-kronical-daemon.8, bash, zsh, fish, patienced-bash, kode-bash.
 */
#include "app/manual/manual.h"

#include <stdio.h>
#include <string.h>

const struct command *const manual_commands[] = {
#define X(name) &command_##name,
	COMMANDS(X)
#undef X
		NULL
};

static const struct {
	const char *name;
	void (*write)(struct buf *out);
} documents[] = {
	{ "auspex.1", manual_write_auspex },
	{ "auspex.yml.5", manual_write_yml },
	{ "patienced.8", manual_write_patienced },
	{ "kode-kronical-daemon.8", manual_write_kode },
	{ "bash", manual_write_bash },
	{ "zsh", manual_write_zsh },
	{ "fish", manual_write_fish },
	{ "patienced-bash", manual_write_bash_patienced },
	{ "kode-bash", manual_write_bash_kode },
};

/* The commands refer to it; none runs here. */
int command_fail(const struct command *self, int status, const struct err *err)
{
	(void)self;
	(void)err;
	return status;
}

int main(int argc, char **argv)
{
	struct buf out;
	buf_init(&out);
	for (size_t i = 0; argc == 2 && i < sizeof(documents) / sizeof(documents[0]); i++)
		if (strcmp(argv[1], documents[i].name) == 0)
			documents[i].write(&out);
	bool good = out.len && !out.failed && fwrite(out.data, 1, out.len, stdout) == out.len &&
		    fflush(stdout) == 0;
	if (!good)
		fprintf(stderr, "auspex-manual: no document of that name\n");
	buf_fini(&out);
	return good ? 0 : 1;
}
