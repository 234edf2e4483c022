/* Structure-aware mutation of texts: JSON, INI, OPTIONS files and tables of numbers alike are words, quoted strings, numbers and single characters. One of
 * these is replaced, removed, doubled or put somewhere else, by a word that means something to the format (fuzz_words, of the target) or by another one of
 * the same text; every third time the bytes are libFuzzer's to change. A target includes this file once, after its fuzz_words. */
#ifndef FUZZ_MUTATE_H
#define FUZZ_MUTATE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);

#ifndef FUZZ_HEAD
#define FUZZ_HEAD 0 /* bytes in front that are no text */
#endif

struct fuzz_token {
	size_t at, len;
};

static uint32_t fuzz_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	return *state ^= *state << 5;
}

static int fuzz_is_word(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.' || c >= 0x80;
}

static size_t fuzz_token_end(const uint8_t *s, size_t i, size_t n)
{
	if (s[i] == '"') {
		for (i++; i < n && s[i] != '"'; i++)
			i += s[i] == '\\';
		return i < n ? i + 1 : n;
	}
	if (!fuzz_is_word(s[i]))
		return i + 1;
	while (i < n && fuzz_is_word(s[i]))
		i++;
	return i;
}

/* One of all, each as likely. */
static struct fuzz_token fuzz_pick(const uint8_t *s, size_t n, uint32_t *rng)
{
	struct fuzz_token t = {FUZZ_HEAD < n ? FUZZ_HEAD : n, 0};
	uint32_t seen = 0;

	for (size_t i = t.at, end; i < n; i = end) {
		end = fuzz_token_end(s, i, n);
		if (s[i] > ' ' && fuzz_random(rng) % ++seen == 0)
			t = (struct fuzz_token){i, end - i};
	}
	return t;
}

/* with in place of t; the size afterwards. Nothing where there is no room. */
static size_t fuzz_replace(uint8_t *s, size_t n, size_t max, struct fuzz_token t, const void *with, size_t len)
{
	if (n - t.len + len > max)
		return n;
	memmove(s + t.at + len, s + t.at + t.len, n - t.at - t.len);
	memcpy(s + t.at, with, len);
	return n - t.len + len;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	uint32_t rng = seed * 2654435761u | 1;
	struct fuzz_token t = fuzz_pick(data, size, &rng), from = fuzz_pick(data, size, &rng);
	const char *word = fuzz_words[fuzz_random(&rng) % (sizeof fuzz_words / sizeof fuzz_words[0])];
	uint8_t copy[512];

	if (size <= FUZZ_HEAD || from.len > sizeof copy)
		return LLVMFuzzerMutate(data, size, max);
	memcpy(copy, data + from.at, from.len);
	switch (fuzz_random(&rng) % 9) {
	case 0:
	case 1:
		return fuzz_replace(data, size, max, t, word, strlen(word));
	case 2:
		return fuzz_replace(data, size, max, t, copy, from.len);
	case 3:
		return fuzz_replace(data, size, max, t, "", 0);
	case 4:
		t.len = 0;
		return fuzz_replace(data, size, max, t, copy, from.len);
	case 5:
		t.len = 0;
		return fuzz_replace(data, size, max, t, word, strlen(word));
	default:
		return LLVMFuzzerMutate(data, size, max);
	}
}

#endif
