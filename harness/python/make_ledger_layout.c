/* Prints heapgate/ledger_layout.py: the ledger's constants and records (guest/ledger.h) as the Python module
 * reads them. Run when heapgate is built; what it prints is kept nowhere else. */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "guest/ledger.h"

static size_t record_end; /* bytes of the record that have fields so far */

/* What lies between two fields: ctypes does not know where C aligns them. */
static void gap_put(size_t offset)
{
    if (offset > record_end)
        printf("        (\"_gap_%zu\", ctypes.c_uint8 * %zu),\n", record_end, offset - record_end);
    record_end = offset;
}

/* uint32_t is ctypes.c_uint32, char c_char; a record has the name it has in C. */
static void type_put(const char *type)
{
    const char *suffix = strstr(type, "_t");
    if (strncmp(type, "Ledger", strlen("Ledger")) == 0)
        printf("%s", type);
    else
        printf("ctypes.c_%.*s", (int)(suffix != NULL ? suffix - type : (ptrdiff_t)strlen(type)), type);
}

/* count: 0: it is no array. */
static void field_put(const char *type, const char *name, size_t count, size_t offset, size_t size)
{
    gap_put(offset);
    printf("        (\"%s\", ", name);
    type_put(type);
    if (count > 0)
        printf(" * %zu", count);
    puts("),");
    record_end += size;
}

static void class_put(const char *name)
{
    printf("\n\nclass %s(ctypes.Structure):\n    _fields_ = [\n", name);
    record_end = 0;
}

#define PUT(type, name, count)                                                                               \
    field_put(#type, #name, count, offsetof(Record, name), sizeof(((Record *)0)->name));

#define RECORD(name)                                                                                         \
    static void name##_put(void)                                                                             \
    {                                                                                                        \
        typedef name Record;                                                                                 \
        class_put(#name);
#define FIELD(type, name)                     PUT(type, name, 0)
#define ALIGNED(type, name, bytes)            PUT(type, name, 0)
#define EITHER(type, name, other_type, other) PUT(type, name, 0)
#define ARRAY(type, name, count)              PUT(type, name, count)
#define END(name)                                                                                            \
    gap_put(sizeof(Record));                                                                                 \
    puts("    ]");                                                                                           \
    }
#include "guest/ledger_records.def"

static void records_put(void)
{
#define RECORD(name) name##_put();
#define FIELD(type, name)
#define ALIGNED(type, name, bytes)
#define EITHER(type, name, other_type, other)
#define ARRAY(type, name, count)
#define END(name)
#include "guest/ledger_records.def"
}

/* Those that the module needs. */
static void constants_put(void)
{
#define CONSTANT(name) printf(#name " = %" PRIu64 "\n", (uint64_t)(name));
#include "ledger_constants.def"
}

int main(void)
{
    puts("\"\"\"The tracer's ledger as C lays it out. Made of harness/guest/ledger.h by make; not to be "
         "edited.\"\"\"\n\nimport ctypes\n");
    constants_put();
    records_put();
    return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
