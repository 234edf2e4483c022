/* The version, findable with `strings`, and a source file for rooms that have none yet. */
extern const char lode_version[];
const char lode_version[] __attribute__((weak)) = "lodestone 0.1.0";
