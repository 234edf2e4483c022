/* The fixed texts of the prompt, byte by byte as they stand in advise/prompts, in the order of the parts. */
#include "advise/wording.h"

#define TEXT(part)                                                                                                                         \
	extern const char lode_wording_##part[] __attribute__((visibility("hidden")));                                                     \
	__asm__(".pushsection .rodata\n"                                                                                                   \
		".globl lode_wording_" #part "\n"                                                                                          \
		".hidden lode_wording_" #part "\n"                                                                                         \
		".type lode_wording_" #part ", @object\n"                                                                                  \
		"lode_wording_" #part ":\n"                                                                                                \
		".incbin \"advise/prompts/" #part ".txt\"\n"                                                                               \
		".byte 0\n"                                                                                                                \
		".size lode_wording_" #part ", . - lode_wording_" #part "\n"                                                               \
		".popsection\n");

TEXT(system)
TEXT(answer)
TEXT(task)
TEXT(offline)

const char *const lode_wording_builtin[LODE_WORDING_N] = {lode_wording_system, lode_wording_answer, lode_wording_task, lode_wording_offline};
