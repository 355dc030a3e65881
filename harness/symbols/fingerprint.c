/* Fingerprints of functions without a name: a hash of what does not change when other functions do, their
 * length and their unwinding rules (.eh_frame, which strip keeps). Source of the format: Linux Standard Base
 * Core 5.0, "Exception Frames". The hash is FNV-1a. */
#include <elfutils/libdw.h>
#include <gelf.h>
#include <string.h>

#include "model/fnv.h"
#include "object.h"

typedef struct {
    guint8 encoding;    /* of addresses, DW_EH_PE_* */
    gboolean augmented; /* FDEs have augmentation data with its length ('z') */
} Rules;

static Elf_Scn *find_section(Elf *elf, const char *wanted, GElf_Shdr *header)
{
    size_t names = 0;
    if (elf_getshdrstrndx(elf, &names) != 0)
        return NULL;
    for (Elf_Scn *section = NULL; (section = elf_nextscn(elf, section)) != NULL;) {
        const char *name =
            gelf_getshdr(section, header) != NULL ? elf_strptr(elf, names, header->sh_name) : NULL;
        if (name != NULL && strcmp(name, wanted) == 0 && header->sh_type != SHT_NOBITS)
            return section;
    }
    return NULL;
}

static gsize skip_leb128(const guint8 *at, const guint8 *end)
{
    gsize length = 0;
    while (at + length < end && (at[length++] & 0x80) != 0)
        ;
    return length;
}

/* How the FDEs of this CIE are to be read: the encoding of addresses is the byte for 'R' in its augmentation.
 */
static Rules rules_of(const Dwarf_CIE *entry)
{
    Rules rules = {0, entry->augmentation[0] == 'z'};
    const guint8 *data = entry->augmentation_data;
    const guint8 *end = data != NULL ? data + entry->augmentation_data_size : NULL;
    for (const char *letter = entry->augmentation + 1; rules.augmented && data < end && *letter != '\0';
         letter++) {
        if (*letter == 'R')
            rules.encoding = *data++;
        else if (*letter == 'L')
            data++;
        else if (*letter == 'P')
            data += 1 + ((*data & 0x0f) == 0x0b || (*data & 0x0f) == 0x03 ? 4 : 8);
    }
    return rules;
}

/* The size of an address field in bytes; 0 for an encoding that compilers do not use for functions. */
static gsize field_size(guint8 encoding)
{
    switch (encoding & 0x0f) {
    case 0x00: /* absptr */
    case 0x04: /* udata8 */
    case 0x0c: /* sdata8 */
        return 8;
    case 0x03: /* udata4 */
    case 0x0b: /* sdata4 */
        return 4;
    default:
        return 0;
    }
}

static guint64 read_field(const guint8 *at, gsize size, gboolean is_signed)
{
    gint32 four;
    guint64 eight;
    if (size == 8) {
        memcpy(&eight, at, sizeof eight);
        return eight;
    }
    memcpy(&four, at, sizeof four);
    return is_signed ? (guint64)(gint64)four : (guint64)(guint32)four;
}

/* Adds the fingerprint of an FDE's function. section: the address of .eh_frame; data: its bytes. */
static void add_function(const Dwarf_FDE *entry, Rules rules, guint64 section, const guint8 *data,
                         GArray *functions)
{
    gsize size = field_size(rules.encoding);
    const guint8 *at = entry->start, *end = entry->end;
    gboolean relative = (rules.encoding & 0x70) == 0x10;
    if (size == 0 || (gsize)(end - at) < 2 * size || (!relative && (rules.encoding & 0x70) != 0))
        return;
    guint64 start = read_field(at, size, (rules.encoding & 0x08) != 0);
    if (relative)
        start += section + (guint64)(at - data);
    guint64 length = read_field(at + size, size, FALSE);
    at += 2 * size;
    if (rules.augmented) {
        guint64 skipped = at < end && *at < 0x80 ? *at : 0;
        gsize own = skip_leb128(at, end);
        /* The augmentation data is an address, of the exception table, and so not hashed. */
        at += MIN((gsize)(end - at), own + skipped);
    }
    while (end > at && end[-1] == 0) /* padding: DW_CFA_nop */
        end--;
    guint64 hash = fnv_add(fnv_add(FNV_BEGIN, &length, sizeof length), at, (gsize)(end - at));
    Stretch stretch = {start, start + length, (hash ^ hash >> 24 ^ hash >> 48) & 0xffffff};
    if (length > 0 && start + length > start)
        g_array_append_val(functions, stretch);
}

static void read_section(Elf *elf, const GElf_Shdr *header, Elf_Data *data, guint64 bias, GArray *functions)
{
    const unsigned char *ident = (const unsigned char *)elf_getident(elf, NULL);
    g_autoptr(GHashTable) rules = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    Dwarf_CFI_Entry entry;
    Dwarf_Off next = 0;
    for (Dwarf_Off at = 0; ident != NULL; at = next) {
        int answer = dwarf_next_cfi(ident, data, true, at, &next, &entry);
        if (answer > 0 || (answer < 0 && next <= at))
            break;
        gint64 key = (gint64)at;
        if (answer == 0 && dwarf_cfi_cie_p(&entry)) {
            Rules own = rules_of(&entry.cie);
            g_hash_table_insert(rules, g_memdup2(&key, sizeof key), g_memdup2(&own, sizeof own));
        } else if (answer == 0) {
            key = (gint64)entry.fde.CIE_pointer;
            const Rules *own = g_hash_table_lookup(rules, &key);
            if (own != NULL)
                add_function(&entry.fde, *own, header->sh_addr + bias, data->d_buf, functions);
        }
    }
}

GArray *fingerprints_new(Dwfl_Module *module)
{
    GArray *functions = g_array_new(FALSE, FALSE, sizeof(Stretch));
    GElf_Addr bias = 0;
    GElf_Shdr header;
    Elf *elf = dwfl_module_getelf(module, &bias);
    Elf_Scn *section = elf != NULL ? find_section(elf, ".eh_frame", &header) : NULL;
    Elf_Data *data = section != NULL ? elf_rawdata(section, NULL) : NULL;
    if (data != NULL && data->d_buf != NULL)
        read_section(elf, &header, data, bias, functions);
    stretches_sort(functions);
    return functions;
}
