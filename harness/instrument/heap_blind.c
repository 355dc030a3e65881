/* Why the tracer sees nothing: what can be read off the program's file. */
#include <elf.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "formats/ledger/ledger_python.h"
#include "heap.h"
#include "model/text.h"
#include "scenario/interpreter.h"

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
               "it dynamically";
    if (gains_privileges(program))
        return privileged;
    return NULL;
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
        g_autofree char *interpreter = interpreter_line(program);
        if (interpreter != NULL)
            interpreter[strcspn(interpreter, " \t")] = '\0';
        g_autofree char *why =
            interpreter != NULL && depth > 0 ? reason_of_file(interpreter, depth - 1) : NULL;
        if (why != NULL)
            reason = g_strdup_printf("it is a script, and its interpreter %s cannot be traced: %s",
                                     interpreter, why);
    }
    fclose(file);
    return reason;
}

char *heap_blind_reason(const char *program)
{
    enum { SCRIPTS = 4 }; /* as many as the kernel follows */
    char *reason = program != NULL ? reason_of_file(program, SCRIPTS) : NULL;
    return reason != NULL
               ? reason
               : g_strdup("it did not load the tracer's library, could not reach heapgate, or ended "
                          "before it could");
}

char *heap_off_reason(guint off_reason)
{
    switch (off_reason) {
    case LEDGER_OFF_OWN_MALLOC:
        return g_strdup(
            "it has its own malloc, built in: a preloaded one is never called; build it to use the system's, "
            "or use massif");
    case LEDGER_OFF_NO_DESCRIPTOR:
        return g_strdup("it had no file descriptor left by which its books could be passed; raise the limit "
                        "(ulimit -n)");
    case LEDGER_OFF_NO_FILE:
        return g_strdup("the system refused it a memory file (memfd_create), as sandboxes do; allow it that "
                        "call");
    case LEDGER_OFF_SANDBOX:
        return g_strdup(
            "it was started in a sandbox that would kill it for what the tracer calls; run it outside, "
            "or allow socket, connect, sendmsg and memfd_create there");
    case LEDGER_OFF_PRIVILEGED:
        return g_strdup(
            "it was started with an effective user or group that is not its real one: the system ignores "
            "preloaded libraries; drop privileges with setuid and setgid");
    case LEDGER_OFF_FILE_SIZE:
        return g_strdup("its books could not grow as large as they may; raise the limit of file sizes "
                        "(ulimit -f)");
    default:
        return g_strdup("the tracer found no memory to keep its books in; check limits (ulimit -v)");
    }
}

char *heap_ledger_reason(const Ledger *ledger)
{
    return ledger->header.off_reason != LEDGER_OFF_NOT ? heap_off_reason(ledger->header.off_reason)
                                                       : ledger_python_hidden(&ledger->header);
}

gboolean heap_is_helper(const Ledger *ledger)
{
    const char *end = ledger->header.command + ledger->header.command_size;
    const char *second = ledger->header.command + strlen(ledger->header.command) + 1;
    g_autofree char *program = ledger_program(ledger);
    return strcmp(program, "heapgate") == 0 && second < end && strcmp(second, "mark") == 0;
}

static void blind_program_free(gpointer data)
{
    BlindProgram *blind = data;
    g_free(blind->program);
    g_free(blind->reason);
    g_free(blind);
}

/* As a scenario can name it, which holds text alone: "?" stands for what is none. (transfer full). */
static char *name_as_pattern(const char *program)
{
    g_autofree char *line = text_line(program);
    g_auto(GStrv) pieces = g_strsplit(line, "\xef\xbf\xbd", -1); /* U+FFFD */
    return g_strjoinv("?", pieces);
}

static void add_blind(GPtrArray *all, const char *file, const char *reason)
{
    g_autofree char *program = name_as_pattern(file);
    for (guint i = 0; i < all->len; i++) {
        BlindProgram *blind = g_ptr_array_index(all, i);
        if (strcmp(blind->program, program) == 0 && strcmp(blind->reason, reason) == 0) {
            blind->processes++;
            return;
        }
    }
    BlindProgram *blind = g_new0(BlindProgram, 1);
    *blind = (BlindProgram){g_steal_pointer(&program), g_strdup(reason), 1};
    g_ptr_array_add(all, blind);
}

static int by_processes(gconstpointer a, gconstpointer b)
{
    const BlindProgram *one = *(const BlindProgram *const *)a, *two = *(const BlindProgram *const *)b;
    return one->processes != two->processes ? (one->processes < two->processes ? 1 : -1)
                                            : strcmp(one->program, two->program);
}

GPtrArray *heap_blind_programs(const GPtrArray *ledgers, const Ledger *main_ledger, const GPtrArray *unseen)
{
    GPtrArray *all = g_ptr_array_new_with_free_func(blind_program_free);
    for (guint i = 0; ledgers != NULL && i < ledgers->len; i++) {
        const Ledger *ledger = g_ptr_array_index(ledgers, i);
        g_autofree char *program = ledger_program(ledger), *reason = heap_ledger_reason(ledger);
        if (reason != NULL && ledger != main_ledger)
            add_blind(all, program, reason);
    }
    for (guint i = 0; unseen != NULL && i < unseen->len; i++) {
        const UnseenProgram *one = g_ptr_array_index(unseen, i);
        g_autofree char *program = g_path_get_basename(one->path);
        add_blind(all, program, one->reason);
    }
    g_ptr_array_sort(all, by_processes);
    return all;
}
