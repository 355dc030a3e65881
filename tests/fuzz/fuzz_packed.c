/* What unpacks files, on any bytes: no crash, and never more than was asked for. */
#include <stdint.h>
#include <stdlib.h>

#include "formats/ledger/ledger_pack.h"
#include "formats/packed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_BYTES = 1 << 20 };

static void check(GByteArray *unpacked, const GError *error)
{
    if ((unpacked == NULL) != (error != NULL) || (unpacked != NULL && unpacked->len > MOST_BYTES))
        abort();
    if (unpacked != NULL)
        g_byte_array_unref(unpacked);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data;
    g_autoptr(GError) error = NULL, other = NULL;
    if (packed_by(bytes, size) != NULL)
        check(packed_unpack(bytes, size, MOST_BYTES, "fuzz", &error), error);
    check(ledger_unpack(bytes, size, MOST_BYTES, "fuzz", &other), other);
    return 0;
}
