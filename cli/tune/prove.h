/* RocksDB's own word on an OPTIONS file, before any benchmark: in a process of its own the very library of the benchmark parses it, opens a throw-away
 * database with all its families, writes, flushes, compacts, reads, reopens and closes. What aborts or hangs there has cost nothing. */
#ifndef LODE_TUNE_PROVE_H
#define LODE_TUNE_PROVE_H

#include "tune/calibrate.h"

#include <signal.h>

struct tune_prover {
	const char *library; /* librocksdb as the benchmark loads it (tune_bench_rocksdb_library); NULL: fallback is asked */
	const char *scratch; /* an existing folder of ours */
	const char *program; /* that becomes tune_prove_main when its first arguments are "tune --prove"; NULL: /proc/self/exe */
	double timeout_s;    /* 0: 30 */
	const volatile sig_atomic_t *stop; /* once it is not 0, its process is killed, and it is -EINTR; NULL: nobody stops it */
	/* Where RocksDB is not a library of its own: the benchmark with a tiny load. 0, or -EINVAL with what it said. NULL: nothing is proven */
	int (*fallback)(void *ctx, const char *path, struct lode_err *err);
	void *ctx;
};

/* 0; -EINVAL: RocksDB does not take it, err has its words, or how its process ended; -EINTR: stopped; another -errno: it could not be tried (-ENOSYS: there is neither a
 * library that can be asked nor a fallback). written, if not NULL: the OPTIONS file that RocksDB wrote from it, NULL if there is none. */
int tune_prove(const struct tune_prover *p, const char *path, struct tune_config **written, struct lode_err *err);
/* What RocksDB made of c while it opened: values of it that were changed by fixes become c's, and the fixes say so. How many. */
size_t tune_prove_settle(const struct tune_space *s, struct tune_config *c, const struct tune_config *written, struct tune_fix *fix, size_t *nfix);
/* What is linked in, for tune_limits.codecs; 0: it does not say, or was stopped. */
uint64_t tune_prove_codecs(const struct tune_prover *p);

/* The other process: `lodestone tune --prove LIBRARY DIRECTORY`; argv[0] is "--prove". Prints what it does, line by line. */
int tune_prove_main(int argc, char **argv);

#endif
