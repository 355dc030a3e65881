/* Why the tracer sees nothing: what can be read off the program's file. */
#include <elf.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "error.h"
#include "heap.h"

char *heap_library(GError **error)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = self != NULL ? g_path_get_dirname(self) : g_strdup(".");
    g_autofree char *beside = g_build_filename(folder, "libheapgate.so", NULL);
    g_autofree char *installed = g_build_filename(folder, "..", "lib", "heapgate", "libheapgate.so", NULL);
    const char *places[] = {beside, installed};
    for (gsize i = 0; i < G_N_ELEMENTS(places); i++)
        if (g_file_test(places[i], G_FILE_TEST_IS_REGULAR))
            return g_canonicalize_filename(places[i], "/");
    g_set_error(
        error, HEAPGATE_ERROR, HEAPGATE_ERROR_BROKEN,
        "the tracer's library is neither %s nor %s; build or install heapgate whole (make, make install)",
        beside, installed);
    return NULL;
}

static gsize read_at(FILE *file, void *buffer, gsize size, guint64 offset)
{
    return fseek(file, (long)offset, SEEK_SET) == 0 ? fread(buffer, 1, size, file) : 0;
}

/* An executable that asks for no interpreter is loaded without the preloaded library. Source: elf(5). */
static gboolean is_static(FILE *file, const Elf64_Ehdr *header)
{
    for (guint i = 0; i < header->e_phnum; i++) {
        Elf64_Phdr segment;
        if (read_at(file, &segment, sizeof segment, header->e_phoff + (guint64)i * header->e_phentsize) !=
            sizeof segment)
            return FALSE;
        if (segment.p_type == PT_INTERP)
            return FALSE;
    }
    return TRUE;
}

static gboolean gains_privileges(const char *program)
{
    struct stat info;
    return stat(program, &info) == 0 && ((info.st_mode & (S_ISUID | S_ISGID)) != 0 ||
                                         getxattr(program, "security.capability", NULL, 0) > 0);
}

char *heap_blind_reason(const char *program)
{
    Elf64_Ehdr header = {0};
    FILE *file = fopen(program, "re");
    gsize read = file != NULL ? read_at(file, &header, sizeof header, 0) : 0;
    const char *reason = "it did not load the tracer's library, or ended before it could";
    if (read >= EI_NIDENT && memcmp(header.e_ident, ELFMAG, SELFMAG) == 0) {
        if (header.e_ident[EI_CLASS] == ELFCLASS32)
            reason = "it is a program of 32 bits, and the tracer's library of 64; use massif";
        else if (read == sizeof header && is_static(file, &header))
            reason = "it is linked statically: no library can be preloaded, and massif sees nothing either; "
                     "link it "
                     "dynamically";
        else if (gains_privileges(program))
            reason = "it is set-uid, set-gid or has capabilities: the system ignores preloaded libraries; "
                     "run a copy "
                     "without them";
    } else if (read >= 2 && memcmp(header.e_ident, "#!", 2) == 0) {
        reason = "it is a script, and its interpreter is static or set-uid";
    }
    if (file != NULL)
        fclose(file);
    return g_strdup(reason);
}

char *heap_ledger_reason(const Ledger *ledger)
{
    switch (ledger->header.off_reason) {
    case LEDGER_OFF_NOT:
        break;
    case LEDGER_OFF_OWN_MALLOC:
        return g_strdup(
            "it has its own malloc, built in: a preloaded one is never called; build it to use the system's, "
            "or use massif");
    default:
        return g_strdup("the tracer found no memory to keep its books in; check limits (ulimit -v)");
    }
    return NULL;
}

gboolean heap_is_helper(const Ledger *ledger)
{
    const char *end = ledger->header.command + ledger->header.command_size;
    const char *second = ledger->header.command + strlen(ledger->header.command) + 1;
    g_autofree char *program = ledger_program(ledger);
    return strcmp(program, "heapgate") == 0 && second < end && strcmp(second, "mark") == 0;
}
