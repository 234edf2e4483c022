/* How an OPTIONS file is held: config.c, config_write.c. */
#ifndef LODE_TUNE_CONFIG_PRIVATE_H
#define LODE_TUNE_CONFIG_PRIVATE_H

#include "tune/config.h"

#define TUNE_CONFIG_MARK "# lodestone: "

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

#endif
