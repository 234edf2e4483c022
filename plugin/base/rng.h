/* A small seeded generator (splitmix64 into xoshiro256**): the same seed gives the same experiment everywhere. */
#ifndef LODE_BASE_RNG_H
#define LODE_BASE_RNG_H

#include <stdbool.h>
#include <stdint.h>

struct lode_rng {
	uint64_t s[4];
};

void lode_rng_seed(struct lode_rng *r, uint64_t seed);
uint64_t lode_rng_u64(struct lode_rng *r);
uint64_t lode_rng_below(struct lode_rng *r, uint64_t n); /* 0..n-1, unbiased; n > 0 */
double lode_rng_unit(struct lode_rng *r);                /* [0,1) */
bool lode_rng_coin(struct lode_rng *r);
uint64_t lode_rng_entropy(void); /* a fresh seed from the kernel */

#endif
