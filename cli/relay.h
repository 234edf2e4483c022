/* The relay: what its two files share. */
#ifndef LODE_CLI_RELAY_H
#define LODE_CLI_RELAY_H

#include "cli.h"

#include "advise/advisor.h"

#include <pthread.h>
#include <stdatomic.h>

#define CLI_RELAY_CLIENTS 64
#define CLI_RELAY_USERS 32

struct cli_relay {
	struct lode_config config;
	struct lode_llm_config llm;
	bool loopback; /* the endpoint works without a key */
	char *url; /* malloc'd: where to post */
	uid_t user[CLI_RELAY_USERS]; /* who may ask, beside our own and root */
	size_t nusers;
	int listener, stop_fd; /* stop_fd becomes readable when all is over */
	atomic_bool stop;
	pthread_mutex_t lock; /* of the two below */
	struct lode_budget budget;
	bool down; /* the last call did not reach the endpoint: said once */
	struct cli_relay_worker {
		struct cli_relay *relay;
		struct lode_http *http;
		pthread_t thread;
		bool started;
	} worker[CLI_RELAY_CLIENTS];
};

void *cli_relay_worker(void *worker); /* relay_serve.c: a thread that serves one client after the other until stop */

#endif
