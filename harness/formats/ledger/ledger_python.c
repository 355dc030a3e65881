#include "ledger_python.h"

#include <string.h>

#include "python_lines.h"

/* What is being named. */
typedef struct {
    Ledger *ledger;
    const GArray *codes;
    const GByteArray *text;
    GHashTable *offsets; /* text (of `text`) -> offset in the ledger's strings */
    GHashTable *names;   /* code << 32 | line -> index + 1 of its name */
    guint32 object;
} Naming;

/* A text of the guest's as an offset in the ledger's strings; 0: it is none. */
static guint32 naming_add_text(Naming *self, guint32 at)
{
    const char *text = at < self->text->len ? (const char *)self->text->data + at : NULL;
    if (text == NULL || *text == '\0' || memchr(text, '\0', self->text->len - at) == NULL)
        return 0;
    guint32 offset = GPOINTER_TO_UINT(g_hash_table_lookup(self->offsets, text));
    if (offset != 0)
        return offset;
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    offset = (guint32)self->ledger->strings->len;
    g_string_append_len(self->ledger->strings, valid, (gssize)strlen(valid) + 1);
    g_hash_table_insert(self->offsets, (gpointer)text, GUINT_TO_POINTER(offset));
    return offset;
}

static guint code_line(const Naming *self, const LedgerCode *code, guint32 offset)
{
    if (code->line_table_at > self->text->len ||
        code->line_table_size > self->text->len - code->line_table_at)
        return 0;
    return python_line(self->ledger->header.python_version, self->text->data + code->line_table_at,
                       code->line_table_size, code->first_line, offset);
}

/* Index + 1 of the place's name, made where it is new; 0: its code is none. */
static guint32 naming_name(Naming *self, guint64 address)
{
    guint32 number = LEDGER_PYTHON_CODE(address);
    if (number == 0 || number >= self->codes->len)
        return 0;
    const LedgerCode *code = &g_array_index(self->codes, LedgerCode, number);
    guint line = code_line(self, code, LEDGER_PYTHON_OFFSET(address));
    gpointer key = GSIZE_TO_POINTER((guint64)number << 32 | line);
    guint32 index = GPOINTER_TO_UINT(g_hash_table_lookup(self->names, key));
    if (index != 0)
        return index;
    LedgerName name = {naming_add_text(self, code->name_at), naming_add_text(self, code->file_at),
                       self->object, line, 0};
    g_array_append_val(self->ledger->names, name);
    g_hash_table_insert(self->names, key, GUINT_TO_POINTER(self->ledger->names->len));
    return self->ledger->names->len;
}

/* Of the code's number and the line: neither alone tells many apart. */
static guint line_key_hash(gconstpointer key)
{
    return (guint)(GPOINTER_TO_SIZE(key) * UINT64_C(0x9e3779b97f4a7c15) >> 32);
}

void ledger_name_python(Ledger *self, const GArray *codes, const GByteArray *text)
{
    if (codes->len <= 1)
        return;
    g_autoptr(GHashTable) offsets = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) names = g_hash_table_new(line_key_hash, g_direct_equal);
    Naming naming = {self, codes, text, offsets, names, (guint32)self->strings->len};
    g_string_append_len(self->strings, FRAME_PYTHON_OBJECT, (gssize)sizeof FRAME_PYTHON_OBJECT);
    for (guint i = 0; i < self->places->len; i++) {
        LedgerPlace *place = &g_array_index(self->places, LedgerPlace, i);
        if (!ledger_frame_is(place->address, LEDGER_FRAME_PYTHON))
            continue;
        place->name = naming_name(&naming, place->address);
        self->damaged += place->name == 0;
    }
}

gboolean python_is_interface(const char *function)
{
    static const char *const allocating[] = {
        "PyObject_Malloc", "PyObject_Calloc", "PyObject_Realloc", "PyMem_Malloc",     "PyMem_Calloc",
        "PyMem_Realloc",   "PyMem_RawMalloc", "PyMem_RawCalloc",  "PyMem_RawRealloc", "PyType_GenericAlloc"};
    if (function == NULL || !g_str_has_prefix(function, "Py"))
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(allocating); i++)
        if (strcmp(function, allocating[i]) == 0)
            return FALSE;
    return TRUE;
}

static char *version_of(guint32 hex)
{
    return g_strdup_printf("%u.%u.%u", hex >> 24 & 0xff, hex >> 16 & 0xff, hex >> 8 & 0xff);
}

char *ledger_python_name(const LedgerHeader *header)
{
    static const char *const levels[16] = {[0xa] = "a", [0xb] = "b", [0xc] = "rc"};
    guint32 level = header->python_version >> 4 & 0xf, serial = header->python_version & 0xf;
    if (header->python_state == LEDGER_PYTHON_NOT)
        return NULL;
    g_autofree char *version = version_of(header->python_version);
    g_autofree char *stage =
        levels[level] != NULL ? g_strdup_printf("%s%u", levels[level], serial) : g_strdup("");
    return g_strconcat("CPython ", version, stage,
                       header->python_state == LEDGER_PYTHON_JIT ? " with its JIT" : "", NULL);
}

char *ledger_python_hidden(const LedgerHeader *header)
{
    g_autofree char *version = version_of(header->python_version);
    if (header->python_state == LEDGER_PYTHON_HIDDEN)
        return g_strdup_printf(
            "it is a CPython %s, which hides its small objects from malloc; the first whose "
            "allocators can be watched is 3.4",
            version);
    if (header->python_state != LEDGER_PYTHON_THREADED)
        return NULL;
    return g_strdup_printf("it is a CPython %s without the global lock, which hides its small objects from "
                           "malloc; measure it with a build that has the lock",
                           version);
}

char *ledger_python_note(const LedgerHeader *header)
{
    g_autofree char *version = version_of(header->python_version);
    guint32 minor = header->python_version >> 16;
    switch (header->python_state) {
    case LEDGER_PYTHON_UNKNOWN:
        if (minor >= 0x0309 && minor <= 0x030f)
            return g_strdup_printf("Python lines are named while CPython %s was loaded; it was unloaded, and "
                                   "is not seen if it comes back",
                                   version);
        return g_strdup_printf(
            "Python lines are not named: CPython %s is not one of 3.9 to 3.15; its objects "
            "are counted all the same, with native stacks",
            version);
    case LEDGER_PYTHON_MISMATCH:
        return g_strdup_printf("Python lines are not named: what was read of CPython %s was not what its own "
                               "functions say; its objects are counted all the same, with native stacks",
                               version);
    case LEDGER_PYTHON_JIT:
        return g_strdup_printf(
            "Python lines are not named: code that the JIT of CPython %s compiles leaves no trace "
            "of the line it is at; its objects are counted all the same; PYTHON_JIT=0 brings "
            "the lines",
            version);
    default:
        break;
    }
    if (header->python_unread == 0)
        return NULL;
    return g_strdup_printf("stacks whose Python frames could not be read: %" G_GUINT64_FORMAT,
                           header->python_unread);
}
