/* gzip, xz and zstd, as their programs pack. */
#ifndef HEAPGATE_TESTS_FORMATS_PACKERS_H
#define HEAPGATE_TESTS_FORMATS_PACKERS_H

#include <glib.h>

enum { N_PACKERS = 3 };

typedef struct {
    const char *name;                                     /* as packed_by says it */
    GByteArray *(*pack)(const void *bytes, gsize length); /* (transfer full) */
} Packer;

extern const Packer packers[N_PACKERS]; /* zstd is the last */

#endif
