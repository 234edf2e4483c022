/* What the two processes of a proof say to each other: lines, on a descriptor of their own. */
#ifndef LODE_TUNE_PROVE_PRIVATE_H
#define LODE_TUNE_PROVE_PRIVATE_H

#include "tune/prove.h"

#define PROVE_SAYS 3	       /* descriptor */
#define PROVE_AT "at "	       /* what is being done now */
#define PROVE_ERROR "error "   /* RocksDB's words */
#define PROVE_CANNOT "cannot " /* why nothing can be proven */
#define PROVE_CODECS "codecs " /* hexadecimal */
#define PROVE_DONE "done"
#define PROVE_ALONE 3 /* exit status when there is nothing more to say */

#endif
