/* What the harness itself costs after a large program's end: makes the ledger of a Python application with a
 * million call sites, then reads, names, adds up and reports it as `heapgate run` does, several times in one
 * process. Prints CPU seconds of each step, and resident memory after it.
 *
 * usage: bench-harness [SITES [SCENARIOS]] */
#include <link.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "formats/ledger/ledger_keys.h"
#include "gate/compare.h"
#include "instrument/instrument.h"
#include "instrument/ledger_evidence.h"
#include "report/report.h"
#include "symbols/symbols.h"
#include "model/give_back.h"

enum { CODES = 20000, LINES = 32, NATIVE = 2000, DEEPEST = 56, LEAST_DEEP = 24, ITERATIONS = 20 };

/* ---- the ledger ---- */

/* A table that is written record by record. */
typedef struct {
    int fd;
    guint64 at;
    GByteArray *waiting;
} Table;

typedef struct {
    int fd;
    LedgerHeader header;
    Table nodes, sites;
    guint64 natives[NATIVE];
    guint32 path[DEEPEST]; /* the stack's nodes, outermost first */
    guint depth;
    guint64 random;
} Making;

static void flush(Table *self)
{
    if (pwrite(self->fd, self->waiting->data, self->waiting->len, (off_t)self->at) !=
        (ssize_t)self->waiting->len)
        g_error("the ledger cannot be written");
    self->at += self->waiting->len;
    g_byte_array_set_size(self->waiting, 0);
}

static void table_init(Table *self, int fd, guint64 at)
{
    *self = (Table){fd, at, g_byte_array_new()};
}

static void put(Table *self, const void *record, guint size)
{
    g_byte_array_append(self->waiting, record, size);
    if (self->waiting->len >= 1 << 20)
        flush(self);
}

static void table_end(Table *self)
{
    flush(self);
    g_byte_array_unref(self->waiting);
}

static guint pick(Making *self, guint below)
{
    self->random = self->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (guint)((self->random >> 33) % below);
}

static guint32 add_node(Making *self, guint32 caller, guint64 address)
{
    LedgerNode node = {.address = address, .parent = caller};
    put(&self->nodes, &node, sizeof node);
    return self->header.nodes++;
}

static void add_site(Making *self, guint32 node)
{
    LedgerSite site = {
        .node = node,
        .peak_number = 1,
        .live_bytes = 48 + pick(self, 400),
        .live_blocks = 1 + pick(self, 3),
        .total_bytes = 1000 + pick(self, 4000),
        .total_blocks = 10 + pick(self, 40),
        .temporary_blocks = pick(self, 10),
    };
    site.peak_bytes = pick(self, 100) == 0 ? 100 * site.live_bytes : site.live_bytes;
    site.peak_blocks = 1;
    put(&self->sites, &site, sizeof site);
    self->header.sites++;
}

/* Calls and returns at random, as an import does. */
static void walk(Making *self)
{
    guint back = 1 + pick(self, 6), deeper = 1 + pick(self, 8);
    self->depth = self->depth > LEAST_DEEP + back ? self->depth - back : LEAST_DEEP;
    for (guint i = 0; i < deeper && self->depth < DEEPEST; i++) {
        guint code = 1 + pick(self, CODES - 1), line = (code + pick(self, 2)) % LINES;
        guint64 frame = LEDGER_PYTHON_FRAME((guint64)code, 16 * line);
        self->path[self->depth] = add_node(self, self->path[self->depth - 1], frame);
        self->depth++;
    }
}

static void add_leaves(Making *self)
{
    guint32 inner = self->path[self->depth - 1];
    for (guint leaves = 1 + pick(self, 3); leaves > 0; leaves--) {
        guint32 node = inner;
        for (guint native = 1 + pick(self, 3); native > 0; native--)
            node = add_node(self, node, self->natives[pick(self, NATIVE)]);
        add_site(self, node);
    }
}

static void add_codes(Making *self)
{
    Table codes, text;
    guint8 lines[2 * LINES];
    for (guint i = 0; i < LINES; i++) {
        lines[2 * i] = 0x80 | 13 << 3 | 7; /* 8 code units on the next line */
        lines[2 * i + 1] = 2;
    }
    table_init(&codes, self->fd, LEDGER_CODES_AT);
    table_init(&text, self->fd, LEDGER_TEXT_AT);
    put(&text, "", 1);
    self->header.text = 1;
    for (guint i = 0; i < CODES; i++) {
        g_autofree char *name = g_strdup_printf("Class%u.method_%u", i / 8, i);
        g_autofree char *file = g_strdup_printf("/srv/application/package%u/module%u.py", i / 400, i / 20);
        LedgerCode code = {.first_line = 1 + (gint32)(i % 20) * 40, .line_table_size = sizeof lines};
        code.name_at = self->header.text;
        code.file_at = code.name_at + (guint32)strlen(name) + 1;
        code.line_table_at = code.file_at + (guint32)strlen(file) + 1;
        self->header.text = code.line_table_at + (guint32)sizeof lines;
        put(&text, name, (guint)strlen(name) + 1);
        put(&text, file, (guint)strlen(file) + 1);
        put(&text, lines, sizeof lines);
        put(&codes, &code, sizeof code);
    }
    self->header.codes = CODES;
    table_end(&codes);
    table_end(&text);
}

/* Addresses of this process's own C library. */
static int add_module(struct dl_phdr_info *info, size_t size, void *user_data)
{
    Making *self = user_data;
    (void)size;
    if (strstr(info->dlpi_name, "/libc.so") == NULL)
        return 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        if (header->p_type != PT_LOAD || (header->p_flags & PF_X) == 0)
            continue;
        LedgerModule module = {.start = info->dlpi_addr + header->p_vaddr, .bias = info->dlpi_addr};
        module.end = module.start + header->p_memsz;
        g_strlcpy(module.path, info->dlpi_name, sizeof module.path);
        for (guint n = 0; n < NATIVE; n++)
            self->natives[n] = module.start + pick(self, (guint)header->p_memsz);
        if (pwrite(self->fd, &module, sizeof module, (off_t)LEDGER_MODULES_AT) != sizeof module)
            g_error("the ledger cannot be written");
        self->header.modules = 1;
    }
    return 1;
}

/* Two fifths of the sites have a block; one in twenty holds something else at each mark, and a few grow. */
static void add_blocks(Making *self)
{
    Table shadow, marks, changes;
    LedgerMark mark = {.name = "iteration"};
    table_init(&shadow, self->fd, LEDGER_SHADOW_AT);
    table_init(&marks, self->fd, LEDGER_MARKS_AT);
    table_init(&changes, self->fd, LEDGER_CHANGES_AT);
    for (guint32 site = 2; site < self->header.sites; site++) {
        LedgerRecord record = site % 5 < 2 ? ledger_record(site, pick(self, ITERATIONS), 64) : 0;
        put(&shadow, &record, sizeof record);
    }
    self->header.chunks = (guint32)(self->header.sites / LEDGER_CHUNK_RECORDS + 1);
    self->header.iterations = ITERATIONS;
    for (guint32 number = 1; number <= ITERATIONS; number++) {
        mark.iteration = number;
        put(&marks, &mark, sizeof mark);
        for (guint32 site = 2; site < self->header.sites; site += 20) {
            gint64 rises = site % 10000 == 2 ? number : (number * 7 + site) % 5;
            LedgerChange change = {number, site, 64 * rises};
            put(&changes, &change, sizeof change);
            self->header.changes++;
        }
    }
    self->header.marks = ITERATIONS;
    table_end(&shadow);
    table_end(&marks);
    table_end(&changes);
}

static void make_header(LedgerHeader *header)
{
    ledger_begin(header);
    header->pid = 1000;
    header->page_size = 4096;
    header->peak_number = 1 << 20;
    header->python_state = LEDGER_PYTHON_ON;
    header->python_version = 0x030c01f0;
    g_strlcpy(header->executable, "/usr/bin/python3.12", sizeof header->executable);
}

static int make_ledger(guint sites)
{
    Making *self = g_new0(Making, 1);
    self->fd = memfd_create("bench", MFD_CLOEXEC);
    if (self->fd < 0 || ftruncate(self->fd, (off_t)LEDGER_FILE_SIZE) != 0)
        g_error("no memory file");
    make_header(&self->header);
    dl_iterate_phdr(add_module, self);
    table_init(&self->nodes, self->fd, LEDGER_NODES_AT);
    table_init(&self->sites, self->fd, LEDGER_SITES_AT);
    add_node(self, 0, 0);
    add_site(self, 0);
    add_site(self, 0);
    for (self->depth = 1; self->depth < LEAST_DEEP; self->depth++)
        self->path[self->depth] =
            add_node(self, self->path[self->depth - 1], LEDGER_PYTHON_FRAME((guint64)self->depth, 0));
    while (self->header.sites < sites) {
        walk(self);
        add_leaves(self);
    }
    table_end(&self->nodes);
    table_end(&self->sites);
    add_codes(self);
    add_blocks(self);
    if (pwrite(self->fd, &self->header, sizeof self->header, 0) != sizeof self->header)
        g_error("the ledger cannot be written");
    int fd = self->fd;
    printf("%u call sites, %u stack nodes, %u changes at %u marks\n", self->header.sites, self->header.nodes,
           self->header.changes, self->header.marks);
    g_free(self);
    return fd;
}

/* ---- the harness ---- */

static long memory_kib(const char *name)
{
    g_autofree char *status = NULL;
    if (!g_file_get_contents("/proc/self/status", &status, NULL, NULL))
        return -1;
    const char *line = strstr(status, name);
    return line != NULL ? strtol(line + strlen(name), NULL, 10) : -1;
}

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* A step is over: prints what it took and what is resident now. */
static void tell(const char *step, double *since)
{
    double now = cpu_seconds();
    printf("  %-28s %7.2f s %7.1f MiB\n", step, now - *since, (double)memory_kib("VmRSS:") / 1024);
    *since = cpu_seconds();
}

static Result *measure(const Scenario *scenario, int fd, double *since)
{
    const LedgerFile file = {fd, 0};
    g_autoptr(GError) error = NULL;
    Ledger *ledger = ledger_read(file, "bench", &error);
    if (ledger == NULL)
        g_error("%s", error->message);
    tell("read", since);
    g_autoptr(Symbols) symbols = symbols_new(SYMBOLS_ALL);
    symbols_name_ledger(symbols, ledger);
    tell("name", since);
    guint keys = ledger_keys(ledger)->count; /* collect finds them there */
    tell("keys", since);
    printf("  (%u)\n", keys);
    g_autoptr(GPtrArray) ledgers = g_ptr_array_new_with_free_func((GDestroyNotify)ledger_free);
    g_ptr_array_add(ledgers, ledger);
    const LedgerEvidence evidence = {.ledgers = ledgers};
    const Outcome outcome = {.pid = 1000, .evidence = &evidence};
    Measurement *measurement = measurement_new("heap");
    instrument_heap.collect(scenario, &outcome, measurement);
    if (measurement->problem != NULL)
        g_error("%s", measurement->problem);
    tell("figures", since);
    const Environment environment = {.platform = "bench"};
    const Reference reference = {NULL, NULL, &environment, &scenario->allow};
    Result *result = result_new("bench", "bench", "2026-01-01T00:00:00Z");
    ScenarioResult *one =
        scenario_result_new(scenario->name, NULL, scenario->file, (const char *const *)scenario->tags);
    one->environment = environment_copy(&environment);
    scenario_result_add(one, compare(&reference, measurement));
    result_add(result, one);
    return result;
}

static void report(const Result *result)
{
    for (const Report *const *report = reports_all(); *report != NULL; report++) {
        g_autoptr(GOutputStream) stream = g_memory_output_stream_new_resizable();
        if (!(*report)->write(result, stream, NULL))
            g_error("%s cannot be written", (*report)->name);
        if (*report == &report_json)
            printf("  (result.json: %.1f KiB)\n",
                   (double)g_memory_output_stream_get_data_size(G_MEMORY_OUTPUT_STREAM(stream)) / 1024);
    }
}

int main(int argc, char **argv)
{
    static const char text[] = "run: [python3.12]\ninstruments: [heap]\nworkflow: {iterations: 20}\n";
    guint sites = argc > 1 ? (guint)atoi(argv[1]) : 1000000, scenarios = argc > 2 ? (guint)atoi(argv[2]) : 3;
    g_autoptr(Project) project = project_find_bare(".", NULL);
    g_autofree char *path = g_build_filename(project->scenarios, "bench.yaml", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(Scenario) scenario = scenario_parse(project, path, text, strlen(text), &error);
    if (scenario == NULL)
        g_error("%s", error->message);
    mallopt(M_MMAP_THRESHOLD, 1 << 20); /* as main */
    int fd = make_ledger(sites);
    double start = cpu_seconds(), since = start;
    tell("before", &since);
    g_autoptr(GPtrArray) results = g_ptr_array_new_with_free_func((GDestroyNotify)result_free);
    for (guint i = 0; i < scenarios; i++) {
        g_ptr_array_add(results, measure(scenario, fd, &since));
        give_back_memory();
        tell("given back", &since);
    }
    report(g_ptr_array_index(results, 0));
    tell("reports of one", &since);
    printf("%.2f s of CPU for each million call sites, at most %.1f MiB resident\n",
           (cpu_seconds() - start) / scenarios * 1e6 / sites, (double)memory_kib("VmHWM:") / 1024);
    return 0;
}
