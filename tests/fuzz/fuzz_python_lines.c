/* Line tables of any bytes: version, first line, offset, the rest is the table. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "formats/ledger/python_lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct {
        guint32 offset;
        gint32 first_line;
        guint8 minor;
    } __attribute__((packed)) head;
    if (size < sizeof head)
        return 0;
    memcpy(&head, data, sizeof head);
    guint32 version = 0x03000000 | (guint32)(head.minor % 16) << 16;
    if (python_line(version, data + sizeof head, size - sizeof head, head.first_line, head.offset) >
        G_MAXINT32)
        abort();
    return 0;
}
