#include "exec_ledgers.h"

#include <string.h>

#include "formats/ledger/ledger_file.h"
#include "formats/ledger/ledger_pack.h"
#include "formats/ledger/ledger_sites.h"
#include "formats/packed.h"
#include "instrument/heap.h"
#include "model/give_back.h"
#include "model/text.h"
#include "symbols/symbols.h"
#include "view/view_ledger.h"

/* Ledgers are taken in the collector's thread, and named and saved in another, one after the other: the
 * summary waits for none of them, and names the few call sites it shows itself. */
struct ExecLedgers {
    const char *folder;
    guint warmup;
    GPtrArray *all; /* ExecLedger, in the order in which they ended */
    GPtrArray *told, *blind;
    const ExecLedger *likely; /* to be told first, as far as is known; one of all, or NULL */
    Ledger *books;            /* its ledger; NULL as well */
    Symbols *quick;           /* the collector's thread's, in the end the summary's */
    Symbols *symbols;         /* the saving thread's */
    GThreadPool *savers;      /* NULL once all are saved */
    char *problem;            /* the first; the saving thread's */
};

static void exec_ledger_free(gpointer data)
{
    ExecLedger *self = data;
    g_free(self->path);
    g_free(self->line);
    g_free(self->details);
    g_free(self->blind);
    ledger_free(self->ledger);
    g_free(self);
}

static gboolean is_taken(const ExecLedgers *self, const char *path)
{
    for (guint i = 0; i < self->all->len; i++)
        if (strcmp(((ExecLedger *)g_ptr_array_index(self->all, i))->path, path) == 0)
            return TRUE;
    return g_file_test(path, G_FILE_TEST_EXISTS);
}

/* A name that no other ledger has. (transfer full). */
static char *path_for(const ExecLedgers *self, const Ledger *ledger)
{
    for (guint number = 1;; number++) {
        g_autofree char *name = ledger_file_name(ledger, number);
        char *path = g_build_filename(self->folder, name, NULL);
        if (!is_taken(self, path))
            return path;
        g_free(path);
    }
}

/* What is known of one process; of one that was not seen the reason, and no figure. (transfer full). */
static char *line_of(const Ledger *ledger, const char *blind)
{
    g_autofree char *command = ledger_command(ledger), *line = text_shorten(command, 60);
    GString *text = g_string_new(NULL);
    g_string_append_printf(text, "%s (process %u): ", line, ledger->header.pid);
    if (blind != NULL)
        g_string_append_printf(text, "the tracer saw nothing, because %s", blind);
    else
        ledger_append_figures(ledger, text);
    return g_string_free(text, FALSE);
}

/* (transfer full). */
static char *details_of(const Ledger *ledger, guint warmup)
{
    GString *text = g_string_new(NULL);
    ledger_append_details(ledger, warmup, text);
    return g_string_free(text, FALSE);
}

/* In the saving thread. */
static void save(gpointer data, gpointer user_data)
{
    ExecLedger *one = data;
    ExecLedgers *self = user_data;
    g_autoptr(GError) error = NULL;
    g_autoptr(Ledger) ledger = g_steal_pointer(&one->ledger);
    symbols_name_ledger(self->symbols, ledger);
    if (!ledger_write(ledger, one->path, &error) && self->problem == NULL)
        self->problem = g_strdup(error->message);
    g_clear_pointer(&ledger, ledger_free);
    give_back_memory();
}

ExecLedgers *exec_ledgers_new(const char *folder, guint warmup)
{
    ExecLedgers *self = g_new0(ExecLedgers, 1);
    self->folder = folder;
    self->warmup = warmup;
    self->all = g_ptr_array_new_with_free_func(exec_ledger_free);
    self->told = g_ptr_array_new();
    self->blind = g_ptr_array_new();
    self->quick = symbols_new(SYMBOLS_QUICK);
    self->symbols = symbols_new(SYMBOLS_ALL);
    self->savers = g_thread_pool_new(save, self, 1, FALSE, NULL);
    return self;
}

void exec_ledgers_free(ExecLedgers *self)
{
    if (self == NULL)
        return;
    exec_ledgers_await(self);
    symbols_free(self->quick);
    symbols_free(self->symbols);
    ledger_free(self->books);
    g_ptr_array_unref(self->told);
    g_ptr_array_unref(self->blind);
    g_ptr_array_unref(self->all);
    g_free(self->problem);
    g_free(self);
}

static int compare_bytes(gint64 a, gint64 b)
{
    return (a < b) - (a > b);
}

/* Negative: a is told before b. */
static int compare_ledgers(const ExecLedger *a, const ExecLedger *b)
{
    int order = compare_bytes(a->growth_bytes, b->growth_bytes);
    if (order == 0)
        order = compare_bytes(a->retained_bytes, b->retained_bytes);
    return order != 0 ? order : compare_bytes(a->peak_bytes, b->peak_bytes);
}

/* Of two programs of one process: is it told by the later one? */
static gboolean replaces(const ExecLedger *later, const ExecLedger *earlier)
{
    return later->marked || !earlier->marked;
}

/* Takes over the figures of what was seen. Returns the books to name, without what a saver changes; (transfer
 * full). */
static Ledger *set_figures(ExecLedgers *self, ExecLedger *one, const Ledger *ledger)
{
    Ledger *books = ledger_copy(ledger);
    if (ledger_knows_growth(ledger, self->warmup)) { /* what grows is known by name alone */
        symbols_name_ledger(self->quick, books);
        one->growth_bytes = ledger_growth_bytes(books, self->warmup);
    }
    one->marked = ledger_iterations(ledger) > 0;
    one->retained_bytes = ledger->kept_bytes;
    one->peak_bytes = ledger->header.peak_bytes;
    g_free(one->details);
    one->details = details_of(books, self->warmup);
    return books;
}

void exec_ledgers_take(Ledger *ledger, guint slot, gpointer user_data)
{
    ExecLedgers *self = user_data;
    if (heap_is_helper(ledger)) {
        ledger_free(ledger);
        return;
    }
    ExecLedger *one = g_new0(ExecLedger, 1);
    one->path = path_for(self, ledger);
    one->blind = heap_ledger_reason(ledger);
    one->line = line_of(ledger, one->blind);
    one->details = g_strdup("");
    one->pid = ledger->header.pid;
    one->slot = slot;
    one->ledger = ledger;
    g_ptr_array_add(self->all, one);
    if (one->blind == NULL) {
        g_autoptr(Ledger) books = set_figures(self, one, ledger);
        const ExecLedger *likely = self->likely;
        if (likely == NULL || compare_ledgers(one, likely) < 0 ||
            (one->pid == likely->pid && slot > likely->slot && replaces(one, likely))) {
            self->likely = one;
            ledger_free(self->books);
            self->books = g_steal_pointer(&books);
        }
    }
    g_thread_pool_push(self->savers, one, NULL);
}

/* In the order of the slots. */
static int by_slot(gconstpointer a, gconstpointer b)
{
    const ExecLedger *one = *(const ExecLedger *const *)a, *two = *(const ExecLedger *const *)b;
    return one->slot < two->slot ? -1 : one->slot > two->slot;
}

static int by_figures(gconstpointer a, gconstpointer b)
{
    int order = compare_ledgers(*(const ExecLedger *const *)a, *(const ExecLedger *const *)b);
    return order != 0 ? order : by_slot(a, b);
}

void exec_ledgers_finish(ExecLedgers *self, const Collector *collector)
{
    g_autoptr(GHashTable) processes = g_hash_table_new(NULL, NULL); /* process: ExecLedger */
    g_autoptr(GPtrArray) in_order = g_ptr_array_copy(self->all, NULL, NULL);
    g_ptr_array_set_free_func(in_order, NULL);
    g_ptr_array_sort(in_order, by_slot);
    for (guint i = 0; i < in_order->len; i++) {
        ExecLedger *one = g_ptr_array_index(in_order, i);
        one->process = collector_process(collector, one->slot);
        gpointer key = GUINT_TO_POINTER(one->process);
        const ExecLedger *earlier = g_hash_table_lookup(processes, key);
        if (one->blind != NULL)
            g_ptr_array_add(self->blind, one);
        else if (earlier == NULL || replaces(one, earlier))
            g_hash_table_insert(processes, key, one);
    }
    for (guint i = 0; i < in_order->len; i++) {
        ExecLedger *one = g_ptr_array_index(in_order, i);
        if (g_hash_table_lookup(processes, GUINT_TO_POINTER(one->process)) == one)
            g_ptr_array_add(self->told, one);
    }
    g_ptr_array_sort(self->told, by_figures);
}

const GPtrArray *exec_ledgers_all(const ExecLedgers *self)
{
    return self->all;
}

const GPtrArray *exec_ledgers_told(const ExecLedgers *self)
{
    return self->told;
}

const GPtrArray *exec_ledgers_blind(const ExecLedgers *self)
{
    return self->blind;
}

/* What was not kept is read again. */
static Ledger *read_saved(ExecLedgers *self, const ExecLedger *one)
{
    g_autofree char *bytes = NULL;
    gsize length = 0;
    exec_ledgers_await(self);
    if (!g_file_get_contents(one->path, &bytes, &length, NULL))
        return NULL;
    g_autoptr(GByteArray) plain = ledger_unpack(bytes, length, PACKED_MOST_BYTES, one->path, NULL);
    return plain != NULL ? ledger_load((const char *)plain->data, plain->len, one->path, NULL) : NULL;
}

const Ledger *exec_ledgers_first_books(ExecLedgers *self)
{
    if (self->told->len == 0)
        return NULL;
    const ExecLedger *first = g_ptr_array_index(self->told, 0);
    if (self->likely != first) {
        ledger_free(self->books);
        self->books = read_saved(self, first);
        self->likely = first;
    }
    if (self->books != NULL)
        symbols_name_ledger(self->quick, self->books);
    return self->books;
}

const char *exec_ledgers_await(ExecLedgers *self)
{
    if (self->savers != NULL)
        g_thread_pool_free(g_steal_pointer(&self->savers), FALSE, TRUE);
    return self->problem;
}
