/* The version, findable with `strings`, and a source file for rooms that have none yet. The builds read it in lodestone.h, too. */
#include "lodestone.h"

extern const char lode_version[];
const char lode_version[] __attribute__((weak)) = "lodestone " LODESTONE_VERSION;
