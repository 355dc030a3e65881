#include "ledger_sections.h"

#include <string.h>

#include "error.h"

gboolean ledger_section_is(const LedgerSection *section, const char *tag)
{
    return strncmp(section->tag, tag, sizeof section->tag) == 0;
}

const LedgerSection *ledger_section_find(const LedgerSection *sections, guint count, const char *tag)
{
    for (guint i = 0; i < count; i++)
        if (ledger_section_is(&sections[i], tag))
            return &sections[i];
    return NULL;
}

typedef struct {
    const char *name;
    GError **error;
} Complaint;

/* A tag as it may be shown: it is anybody's bytes. (transfer full). */
static char *tag_text(const LedgerSection *section)
{
    char *text = g_strndup(section->tag, sizeof section->tag);
    for (char *at = text; *at != '\0'; at++)
        if (!g_ascii_isgraph(*at) || *at == '"')
            *at = '?';
    return text;
}

static gboolean section_refuse(const Complaint *complaint, const LedgerSection *section, const char *what)
{
    g_autofree char *tag = tag_text(section);
    g_set_error(complaint->error, HEAPGATE_ERROR, HEAPGATE_ERROR_FORMAT, "%s: the ledger's section \"%s\" %s",
                complaint->name, tag, what);
    return FALSE;
}

/* Its size in bytes is no more than G_MAXUINT64, as it lies within the file. */
static guint64 section_end(const LedgerSection *section)
{
    return section->offset + section->count * section->record_size;
}

static gboolean section_is_inside(const LedgerSection *section, guint64 begin, guint64 size)
{
    guint64 bytes, end;
    return !__builtin_mul_overflow(section->count, (guint64)section->record_size, &bytes) &&
           !__builtin_add_overflow(section->offset, bytes, &end) && section->offset >= begin && end <= size;
}

static gboolean check_pair(const LedgerSection *one, const LedgerSection *two, const Complaint *complaint)
{
    if (ledger_section_is(one, two->tag))
        return section_refuse(complaint, one, "is there twice");
    if (one->offset >= section_end(two) || two->offset >= section_end(one))
        return TRUE;
    g_autofree char *other = tag_text(two), *what = g_strdup_printf("lies over its section \"%s\"", other);
    return section_refuse(complaint, one, what);
}

static gboolean check_sections(const LedgerSection *sections, guint count, guint64 begin, guint64 size,
                               const Complaint *complaint)
{
    for (guint i = 0; i < count; i++) {
        if (!section_is_inside(&sections[i], begin, size))
            return section_refuse(complaint, &sections[i], "does not lie within its file");
        for (guint k = 0; k < i; k++)
            if (!check_pair(&sections[k], &sections[i], complaint))
                return FALSE;
    }
    return TRUE;
}

static gboolean check_need(const LedgerSection *section, const LedgerSectionNeed *need,
                           const Complaint *complaint)
{
    const gsize size = section->record_size;
    if (size >= need->record_size && size <= LEDGER_LONGEST_RECORD &&
        (!need->words || size == need->record_size))
        return TRUE;
    g_autofree char *what =
        g_strdup_printf("has records of %" G_GSIZE_FORMAT " bytes, not %s%" G_GSIZE_FORMAT, size,
                        need->words ? "" : "of at least ", need->record_size);
    return section_refuse(complaint, section, what);
}

gboolean ledger_sections_find(const LedgerSection *sections, guint count, guint64 begin, guint64 size,
                              const LedgerSectionNeed *needs, guint n_needs, gpointer found, const char *name,
                              GError **error)
{
    const Complaint complaint = {name, error};
    if (!check_sections(sections, count, begin, size, &complaint))
        return FALSE;
    for (guint i = 0; i < n_needs; i++) {
        const LedgerSection *section = ledger_section_find(sections, count, needs[i].tag);
        if (section == NULL) {
            g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_FORMAT, "%s: the ledger has no section \"%s\"",
                        name, needs[i].tag);
            return FALSE;
        }
        if (!check_need(section, &needs[i], &complaint))
            return FALSE;
        G_STRUCT_MEMBER(LedgerSection, found, needs[i].place) = *section;
    }
    return TRUE;
}

gboolean ledger_sections_of_header(const LedgerHeader *header, const char *name, LedgerSections *found,
                                   GError **error)
{
    static const LedgerSectionNeed needs[] = {
#define SECTION(name, type, count) {#name, sizeof(type), FALSE, G_STRUCT_OFFSET(LedgerSections, name)},
#define WORDS(name, type, count)   {#name, sizeof(type), TRUE, G_STRUCT_OFFSET(LedgerSections, name)},
#include "guest/ledger_sections.def"
    };
    if (header->sections > LEDGER_SECTIONS) {
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_FORMAT,
                    "%s: the ledger has %u sections, and its directory has room for %u", name,
                    header->sections, (guint)LEDGER_SECTIONS);
        return FALSE;
    }
    return ledger_sections_find(header->directory, header->sections, header->header_size, header->file_size,
                                needs, G_N_ELEMENTS(needs), found, name, error);
}

void ledger_sections_cut(const LedgerSection *section, gsize known, guint8 *records, gsize count)
{
    if (section->record_size == known)
        return;
    for (gsize i = 1; i < count; i++)
        memmove(records + i * known, records + i * section->record_size, known);
}
