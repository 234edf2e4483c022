/* xoshiro256** seeded by splitmix64 (Blackman and Vigna). */
#include "base/rng.h"
#include "base/clock.h"

#include <sys/random.h>
#include <unistd.h>

static uint64_t splitmix(uint64_t *x)
{
	uint64_t z = *x += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static uint64_t rotl(uint64_t x, int k)
{
	return (x << k) | (x >> (64 - k));
}

void lode_rng_seed(struct lode_rng *r, uint64_t seed)
{
	for (int i = 0; i < 4; i++)
		r->s[i] = splitmix(&seed);
}

uint64_t lode_rng_u64(struct lode_rng *r)
{
	uint64_t *s = r->s, out = rotl(s[1] * 5, 7) * 9, t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotl(s[3], 45);
	return out;
}

uint64_t lode_rng_below(struct lode_rng *r, uint64_t n)
{
	uint64_t reject, v; /* the first 2^64 mod n values would favour the small results */

	if (n < 2)
		return 0;
	reject = -n % n;
	do
		v = lode_rng_u64(r);
	while (v < reject);
	return v % n;
}

double lode_rng_unit(struct lode_rng *r)
{
	return (double)(lode_rng_u64(r) >> 11) * 0x1p-53;
}

bool lode_rng_coin(struct lode_rng *r)
{
	return lode_rng_u64(r) >> 63;
}

uint64_t lode_rng_entropy(void)
{
	uint64_t seed;

	if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) != (ssize_t)sizeof seed) {
		/* Early boot or a filtered system call: fresh is what matters here, not secret. */
		uint64_t x = lode_clock_mono(&lode_clock_real) ^ (uint64_t)getpid() << 32;
		seed = splitmix(&x) ^ lode_clock_wall(&lode_clock_real);
	}
	return seed;
}
