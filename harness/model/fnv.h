/* FNV-1a, 64 bits: a hash for what is no secret and nobody's attack. Source: G. Fowler, L. C. Noll, K.-P. Vo,
 * "The FNV Non-Cryptographic Hash Algorithm". */
#ifndef HEAPGATE_MODEL_FNV_H
#define HEAPGATE_MODEL_FNV_H

#include <glib.h>

#define FNV_BEGIN G_GUINT64_CONSTANT(0xcbf29ce484222325) /* the hash of nothing */

/* The hash of what was hashed before and these bytes behind it. */
static inline guint64 fnv_add(guint64 hash, const void *data, gsize size)
{
    for (const guint8 *byte = data, *end = byte + size; byte < end; byte++)
        hash = (hash ^ *byte) * G_GUINT64_CONSTANT(0x100000001b3);
    return hash;
}

#endif
