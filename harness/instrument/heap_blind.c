/* Why the tracer sees nothing: what can be read off the program's file. */
#include <elf.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "formats/ledger_python.h"
#include "heap.h"
#include "installed.h"

char *heap_library(GError **error)
{
    return installed_find("the tracer's library", "libheapgate.so", "../lib/heapgate/libheapgate.so", error);
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

static const char *const privileged =
    "it is set-uid, set-gid or has capabilities: the system ignores preloaded libraries; run a copy without "
    "them";

/* What an ELF file says; NULL: nothing that forbids the tracer. */
static const char *reason_of_elf(FILE *file, const Elf64_Ehdr *header, gsize read, const char *program)
{
    if (read < EI_NIDENT)
        return NULL;
    if (header->e_ident[EI_CLASS] == ELFCLASS32)
        return "it is a program of 32 bits, and the tracer's library of 64; use massif";
    if (read == sizeof *header && is_static(file, header))
        return "it is linked statically: no library can be preloaded, and massif sees nothing either; link "
               "it "
               "dynamically";
    if (gains_privileges(program))
        return privileged;
    return NULL;
}

/* "#! /bin/sh -e": "/bin/sh"; NULL where the line names none; (transfer full). */
static char *interpreter_of(FILE *file)
{
    char line[256] = "";
    if (fseek(file, 2, SEEK_SET) != 0 || fgets(line, sizeof line, file) == NULL)
        return NULL;
    char *start = line + strspn(line, " \t");
    start[strcspn(start, " \t\n")] = '\0';
    return *start != '\0' ? g_strdup(start) : NULL;
}

/* NULL: its file does not say. depth: how many scripts may still stand for one another. (transfer full). */
static char *reason_of_file(const char *program, guint depth)
{
    Elf64_Ehdr header = {0};
    FILE *file = fopen(program, "re");
    if (file == NULL) /* a set-uid program may be closed to readers */
        return g_strdup(gains_privileges(program) ? privileged : NULL);
    gsize read = read_at(file, &header, sizeof header, 0);
    char *reason = NULL;
    if (read >= SELFMAG && memcmp(header.e_ident, ELFMAG, SELFMAG) == 0) {
        reason = g_strdup(reason_of_elf(file, &header, read, program));
    } else if (read >= 2 && memcmp(header.e_ident, "#!", 2) == 0) {
        g_autofree char *interpreter = interpreter_of(file);
        g_autofree char *why =
            interpreter != NULL && depth > 0 ? reason_of_file(interpreter, depth - 1) : NULL;
        if (why != NULL)
            reason = g_strdup_printf("it is a script, and its interpreter %s cannot be traced: %s",
                                     interpreter, why);
    }
    fclose(file);
    return reason;
}

char *heap_blind_reason(const char *program, gboolean *certain)
{
    enum { SCRIPTS = 4 }; /* as many as the kernel follows */
    char *reason = reason_of_file(program, SCRIPTS);
    if (certain != NULL)
        *certain = reason != NULL;
    return reason != NULL ? reason
                          : g_strdup("it did not load the tracer's library, or ended before it could");
}

char *heap_ledger_reason(const Ledger *ledger)
{
    switch (ledger->header.off_reason) {
    case LEDGER_OFF_NOT:
        return ledger_python_hidden(&ledger->header);
    case LEDGER_OFF_OWN_MALLOC:
        return g_strdup(
            "it has its own malloc, built in: a preloaded one is never called; build it to use the system's, "
            "or use massif");
    case LEDGER_OFF_NO_DESCRIPTOR:
        return g_strdup("it had no file descriptor left by which its books could be passed; raise the limit "
                        "(ulimit -n)");
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
