/* How an OPTIONS file is held: config.c, config_read.c, config_write.c. */
#ifndef LODE_TUNE_CONFIG_PRIVATE_H
#define LODE_TUNE_CONFIG_PRIVATE_H

#include "tune/config.h"
#include "host/options_text.h"

#define TUNE_CONFIG_MARK "# lodestone: "
#define CACHE_NAME "block_cache_size"

enum line_kind {
	LINE_TEXT, /* blank, or somebody's comment */
	LINE_SECTION,
	LINE_OPTION,
	LINE_CACHE,	/* our comment about the block cache */
	LINE_WITHHELD, /* our comment that keeps an option out */
	LINE_GONE,
};

struct line { /* offsets into the pool, 0: none */
	enum line_kind kind;
	uint32_t raw; /* as it was read; 0: changed or new, written from name and value */
	uint32_t name, name_len, value;
};

struct section {
	int kind;	   /* enum tune_section, -1: only kept */
	size_t family;	   /* index, SIZE_MAX: of none */
	size_t first, end; /* lines: the title, and behind the last */
};

struct tune_config {
	char *pool; /* byte 0 is unused, so that 0 can mean none */
	size_t used, pool_cap;
	struct line *line;
	size_t n, line_cap;
	struct section *section;
	size_t nsection, section_cap;
	uint32_t family[TUNE_FAMILIES_MAX]; /* unescaped names */
	size_t nfamily;
};

/* config.c. False, 0: no memory. keep: a copy in the pool; text may lie in the pool itself. push: a line behind the last, of no section yet. */
bool tune_config_room(void **array, size_t *cap, size_t want, size_t size);
uint32_t tune_config_keep(struct tune_config *c, const char *text, size_t len);
bool tune_config_push(struct tune_config *c, struct line l);

/* config_read.c: of an option, or of a member. name need not end where it ends. */
bool tune_config_name_good(const char *name, size_t n);

#endif
