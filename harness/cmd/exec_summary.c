#include "exec_summary.h"

#include "formats/ledger/ledger_notes.h"
#include "instrument/heap.h"
#include "view/view_ledger.h"

enum { PROCESSES_SHOWN = 10 };

static void print_process(const ExecLedger *one)
{
    g_printerr("heapgate: %s\n%s", one->line, one->details);
}

/* The call sites of the first process. */
static void print_sites(const Ledger *books, guint warmup)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GPtrArray) notes = ledger_notes(books);
    for (guint i = 0; i < notes->len; i++) {
        const LedgerNote *note = g_ptr_array_index(notes, i);
        if (note->severity != LEDGER_NOTE_DETAIL)
            g_string_append_printf(text, "  note: %s\n", note->text);
    }
    ledger_append_sites(books, warmup, 5.0, text);
    g_printerr("%s", text->str);
}

static void print_told(ExecLedgers *ledgers, guint warmup)
{
    const GPtrArray *told = exec_ledgers_told(ledgers);
    for (guint i = 0; i < MIN(told->len, PROCESSES_SHOWN); i++) {
        print_process(g_ptr_array_index(told, i));
        const Ledger *books = i == 0 ? exec_ledgers_first_books(ledgers) : NULL;
        if (books != NULL)
            print_sites(books, warmup);
        if (i == 0 && told->len > 1)
            g_printerr("\n");
    }
    if (told->len > PROCESSES_SHOWN)
        g_printerr("heapgate: and %u processes more\n", told->len - PROCESSES_SHOWN);
}

static gboolean has_ledger(const GPtrArray *all, gint64 pid)
{
    for (guint i = 0; i < all->len; i++)
        if (((const ExecLedger *)g_ptr_array_index(all, i))->pid == pid)
            return TRUE;
    return FALSE;
}

/* What is not known is never left out. */
static void print_blind(const ExecLedgers *ledgers, const GPtrArray *unseen, const char *command, gint64 pid)
{
    const GPtrArray *all = exec_ledgers_blind(ledgers);
    for (guint i = 0; i < all->len; i++)
        print_process(g_ptr_array_index(all, i));
    if (!has_ledger(exec_ledgers_all(ledgers), pid)) {
        g_autofree char *found = g_find_program_in_path(command);
        g_autofree char *reason = heap_blind_reason(found != NULL ? found : command);
        g_printerr("heapgate: the tracer saw nothing of %s, because %s\n", command, reason);
    }
    g_autoptr(GPtrArray) blind = heap_blind_programs(NULL, NULL, unseen);
    for (guint i = 0; i < blind->len; i++) {
        const BlindProgram *one = g_ptr_array_index(blind, i);
        g_autofree char *count =
            one->processes > 1 ? g_strdup_printf(" (%u processes)", one->processes) : g_strdup("");
        g_printerr("heapgate: %s%s: the tracer saw nothing, because %s; a scenario would be broken "
                   "unless it says heap: {blind: [%s]}\n",
                   one->program, count, one->reason, one->program);
    }
}

static void print_place(ExecLedgers *ledgers, const char *folder)
{
    const char *problem = exec_ledgers_await(ledgers);
    const GPtrArray *all = exec_ledgers_all(ledgers), *told = exec_ledgers_told(ledgers);
    const ExecLedger *shown = told->len > 0 ? g_ptr_array_index(told, 0) : NULL;
    if (problem != NULL)
        g_printerr("heapgate: a ledger cannot be saved: %s\n", problem);
    else if (all->len > 1)
        g_printerr("\nsaved: %s/   see all of it:  heapgate show %s\n", folder,
                   shown != NULL ? shown->path : "PATH");
    else if (all->len == 1) {
        const ExecLedger *only = g_ptr_array_index(all, 0);
        g_printerr("\nsaved: %s   see all of it:  heapgate show %s\n", only->path, only->path);
    }
}

void exec_summary_print(ExecLedgers *ledgers, const GPtrArray *unseen, const char *command, gint64 pid,
                        const char *folder, guint warmup)
{
    print_told(ledgers, warmup);
    print_blind(ledgers, unseen, command, pid);
    print_place(ledgers, folder);
}
