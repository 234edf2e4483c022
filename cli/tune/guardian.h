/* The process between us and a command: see child.h. */
#ifndef LODE_TUNE_GUARDIAN_H
#define LODE_TUNE_GUARDIAN_H

#include "tune/child.h"

/* What it tells: once when the command runs, once when nothing of it is left. We tell it "k", or are gone. */
struct tune_guardian_word {
	pid_t pid;
	bool ended;
	int status, exec_errno;
	double cpu_s, rss_bytes;
	unsigned left;
};

/* Of a process that was just forked, with every signal blocked. ctl: a SOCK_SEQPACKET socket to us. */
_Noreturn void tune_guardian(const struct tune_child_how *how, int ctl, pid_t parent);

#endif
