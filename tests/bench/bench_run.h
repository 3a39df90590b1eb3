/* The run every benchmark sends or stores: 442 bytes, three attempts, the command padded to fit. */
#ifndef BENCH_RUN_H
#define BENCH_RUN_H

#include <stdio.h>
#include <string.h>

#define RUN_BYTES    442
#define RUN_DURATION 1.007290392
#define RUN_ATTEMPTS                                                                                         \
	"[{\"duration_seconds\":0.307228836,\"exit_code\":1,\"success\":false},"                             \
	"{\"duration_seconds\":0.307228836,\"exit_code\":1,\"success\":false},"                              \
	"{\"duration_seconds\":0.307228836,\"exit_code\":0,\"success\":true}]"
#define RUN_TIME   1795378345
#define RUN_HASH   "b5bea41b"
#define RUN_BUFFER 1024

static inline const char *run_status(unsigned command)
{
	return command % 10 ? "succeeded" : "failed";
}

/* The run but for its command, with %s in its place. Returns its length, "%s" not counted. */
static inline int run_frame(char out[RUN_BUFFER], unsigned command)
{
	return snprintf(out, RUN_BUFFER,
			"{\"command\":\"%%s\",\"command_hash\":\"" RUN_HASH "\",\"final_status\":\"%s\","
			"\"total_duration_seconds\":1.007290392,\"total_attempts\":3,"
			"\"successful_attempts\":1,\"failed_attempts\":2,\"attempts\":" RUN_ATTEMPTS
			",\"timestamp\":1795378345}",
			run_status(command)) -
	       2;
}

/* A command that makes its run RUN_BYTES long. Returns its length. */
static inline int make_command(char out[RUN_BUFFER], unsigned command)
{
	char frame[RUN_BUFFER];
	int len = RUN_BYTES - run_frame(frame, command);
	memset(out, 'p', RUN_BUFFER);
	int n = snprintf(out, RUN_BUFFER, "bench --case %06u ", command);
	out[n] = 'p';
	out[len] = 0;
	return len;
}

static inline void make_run(char out[RUN_BYTES], unsigned command)
{
	char frame[RUN_BUFFER], text[RUN_BUFFER];
	run_frame(frame, command);
	int len = make_command(text, command);
	char *at = strstr(frame, "%s");
	size_t head = (size_t)(at - frame);
	memcpy(out, frame, head);
	memcpy(out + head, text, (size_t)len);
	memcpy(out + head + len, at + 2, RUN_BYTES - head - (size_t)len);
}

#endif
