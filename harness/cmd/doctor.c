/* heapgate doctor: what a run needs, whether it is there, and the one command that mends what is not. */
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "checkup.h"
#include "command.h"
#include "error.h"
#include "model/units.h"
#include "run/host.h"
#include "campaign.h"
#include "guest/ledger.h"
#include "init_start.h"

/* Valgrind below this writes what the readers were not tried on. */
enum { OLDEST_MAJOR = 3, OLDEST_MINOR = 19 };

static void check_valgrind(Checkup *checkup)
{
    static const char *const mend = "apt-get install valgrind";
    const char *version = host_valgrind();
    int major = 0, minor = 0;
    if (version == NULL)
        checkup_missing(checkup, "Valgrind", "not installed, or it does not start", mend);
    else if (sscanf(version, "%d.%d", &major, &minor) != 2 || major < OLDEST_MAJOR ||
             (major == OLDEST_MAJOR && minor < OLDEST_MINOR))
        checkup_missing(checkup, "Valgrind", "older than 3.19", mend);
    else
        checkup_found("Valgrind", version);
}

static void check_instruments(Checkup *checkup)
{
    for (const Instrument *const *instrument = instruments_all(); *instrument != NULL; instrument++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *what = g_strdup_printf("instrument %s", (*instrument)->name);
        if ((*instrument)->probe(&error))
            checkup_found(what, "can run here");
        else
            checkup_missing(checkup, what, error->message, "see the sentence above");
    }
}

/* Limits that programs inherit, under which the tracer keeps no books. */
static void check_limits(Checkup *checkup)
{
    static const struct {
        int resource;
        const char *what, *mend;
        rlim_t least;
    } rows[] = {
        {RLIMIT_AS, "address space", "ulimit -v unlimited, where heapgate is started", LEDGER_FILE_SIZE},
        {RLIMIT_DATA, "data", "ulimit -d unlimited, where heapgate is started", (rlim_t)2 << 30},
        {RLIMIT_FSIZE, "file sizes", "ulimit -f unlimited, where heapgate is started", LEDGER_FILE_SIZE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct rlimit limit;
        if (getrlimit(rows[i].resource, &limit) != 0 || limit.rlim_cur >= rows[i].least)
            continue;
        g_autofree char *what = g_strdup_printf("limit on %s", rows[i].what);
        g_autofree char *has = units_format_bytes((gint64)limit.rlim_cur);
        g_autofree char *least = units_format_bytes((gint64)rows[i].least);
        g_autofree char *detail =
            g_strdup_printf("%s; the tracer's books take %s and more, most of it never touched", has, least);
        checkup_missing(checkup, what, detail, rows[i].mend);
    }
}

/* The build id of the C library this program runs on, as hexadecimal text, or NULL; (transfer full).
 * Source of the format: elf(5), "Notes". */
static int find_build_id(struct dl_phdr_info *info, size_t size, void *data)
{
    (void)size;
    g_autofree char *base = g_path_get_basename(info->dlpi_name);
    if (!g_str_has_prefix(base, "libc.so"))
        return 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        const char *at = (const char *)info->dlpi_addr + header->p_vaddr, *end = at + header->p_memsz;
        while (header->p_type == PT_NOTE && at + sizeof(ElfW(Nhdr)) <= end) {
            const ElfW(Nhdr) *note = (const void *)at;
            const unsigned char *text =
                (const unsigned char *)at + sizeof *note + ((note->n_namesz + 3) & ~3u);
            GString *hex = note->n_type == NT_GNU_BUILD_ID ? g_string_new(NULL) : NULL;
            for (guint b = 0; hex != NULL && b < note->n_descsz; b++)
                g_string_append_printf(hex, "%02x", text[b]);
            if (hex != NULL) {
                *(char **)data = g_string_free(hex, FALSE);
                return 1;
            }
            at = (const char *)text + ((note->n_descsz + 3) & ~3u);
        }
    }
    return 0;
}

static void check_libc_debug(Checkup *checkup)
{
    g_autofree char *id = NULL;
    dl_iterate_phdr(find_build_id, &id);
    if (id == NULL || strlen(id) < 3) {
        checkup_missing(checkup, "debug information of libc", "the C library carries no build id",
                        "apt-get install libc6-dbg");
        return;
    }
    g_autofree char *path = g_strdup_printf("/usr/lib/debug/.build-id/%.2s/%s.debug", id, id + 2);
    if (g_file_test(path, G_FILE_TEST_EXISTS))
        checkup_found("debug information of libc", path);
    else
        checkup_missing(checkup, "debug information of libc",
                        "not installed; memcheck needs it on some systems", "apt-get install libc6-dbg");
}

/* Names from debuginfod are asked for by DEBUGINFOD_URLS, and fetched by a library that elfutils opens when
 * it needs it. */
static void check_debuginfod(Checkup *checkup)
{
    const char *servers = g_getenv("DEBUGINFOD_URLS");
    if (servers == NULL || servers[0] == '\0')
        return;
    void *library = dlopen("libdebuginfod.so.1", RTLD_LAZY | RTLD_LOCAL);
    if (library == NULL) {
        checkup_missing(checkup, "debuginfod",
                        "DEBUGINFOD_URLS is set, and the library that would ask there is not installed",
                        "apt-get install libdebuginfod-dev");
        return;
    }
    dlclose(library);
    checkup_found("debuginfod", servers);
}

/* May a process of this user look into another, as vgdb does? A child is taken hold of and let go by its end.
 */
static gboolean may_trace(void)
{
    pid_t child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    gboolean may = child > 0 && ptrace(PTRACE_SEIZE, child, NULL, NULL) == 0;
    if (child > 0) {
        kill(child, SIGKILL);
        while (waitpid(child, NULL, 0) == -1 && errno == EINTR)
            ;
    }
    return may;
}

static void check_ptrace(void)
{
    if (may_trace())
        checkup_found("ptrace", "permitted");
    else
        checkup_note("ptrace",
                     "not permitted: `heapgate mark` does not reach programs under Valgrind; heap needs "
                     "none, nor does "
                     "heapgate.h",
                     "docker run --cap-add=SYS_PTRACE, or sysctl kernel.yama.ptrace_scope=1");
}

static gboolean program_is_there(const char *program)
{
    g_autofree char *path = g_find_program_in_path(program);
    return path != NULL;
}

static void check_scenario(Checkup *checkup, const Campaign *campaign, const Scenario *scenario)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) unreadable = NULL;
    g_autoptr(Baseline) baseline = NULL;
    g_autofree char *elsewhere = NULL;
    const char *program = scenario->run[0];
    g_autofree char *install = strchr(program, '/') == NULL
                                   ? g_strdup_printf("apt-get install %s (or what provides it)", program)
                                   : g_strdup("build your project first");
    gboolean complete = program_is_there(program);
    if (!complete)
        checkup_missing(checkup, scenario->name, program, install);
    for (guint i = 0; i < scenario->prepare->len; i++) {
        GStrv argv = g_ptr_array_index(scenario->prepare, i);
        if (!program_is_there(argv[0])) {
            checkup_missing(checkup, scenario->name, argv[0], "build or install it");
            complete = FALSE;
        }
    }
    if (!scenario_check_files(scenario, &error)) {
        checkup_missing(checkup, scenario->name, error->message,
                        "correct the scenario, or build what it names");
        complete = FALSE;
    }
    g_autofree char *update =
        g_strdup_printf("heapgate update %s --reason \"first capture\"", scenario->name);
    if (!baseline_load(campaign->project, host_environment()->platform, scenario->name, &baseline, &elsewhere,
                       &unreadable))
        checkup_missing(checkup, scenario->name, unreadable->message,
                        "correct the file, or capture it again");
    else if (baseline == NULL)
        checkup_missing(checkup, scenario->name, "no baseline for this platform", update);
    else if (complete)
        checkup_found(scenario->name, "program, files and baseline are there");
}

/* Every Python that one of the scenarios runs, and that of the virtual environment in a folder, once each. */
static void check_interpreters(Checkup *checkup, const char *root, const GPtrArray *scenarios)
{
    g_autoptr(GHashTable) asked = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    const char *venv = start_find_interpreter(root);
    g_autofree char *prefix = g_strconcat(root, "/", NULL);
    if (venv != NULL)
        g_hash_table_add(asked, g_strconcat(prefix, venv, NULL));
    for (guint i = 0; i < scenarios->len; i++) {
        char *python = scenario_python(g_ptr_array_index(scenarios, i));
        if (python != NULL)
            g_hash_table_add(asked, python);
    }
    g_autoptr(GList) paths = g_list_sort(g_hash_table_get_keys(asked), (GCompareFunc)strcmp);
    for (GList *at = paths; at != NULL; at = at->next) {
        const char *path = at->data;
        gsize skipped = g_str_has_prefix(path, prefix) ? strlen(prefix) : 0;
        if (program_is_there(path))
            checkup_python(checkup, path, path + skipped);
    }
}

/* Before there is a project the machine is looked at, and what the folder brings. */
static void check_folder(Checkup *checkup)
{
    g_autofree char *folder = g_get_current_dir();
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    check_interpreters(checkup, folder, none);
    checkup_note("project", "there is none here yet", "heapgate init");
}

static void check_project(Checkup *checkup, const CampaignOptions *options, const char *const *patterns,
                          GError **error)
{
    g_autoptr(Campaign) campaign = campaign_new(options, patterns, error);
    if (campaign == NULL)
        return;
    for (guint i = 0; i < campaign->scenarios->len; i++)
        check_scenario(checkup, campaign, g_ptr_array_index(campaign->scenarios, i));
    check_interpreters(checkup, campaign->project->root, campaign->scenarios);
}

static int command_doctor_run(int argc, char **argv, GError **error)
{
    g_auto(CampaignOptions) options = {0};
    gboolean helped = FALSE;
    Checkup checkup = {0};
    const GOptionEntry entries[] = {
        {"directory", 'C', 0, G_OPTION_ARG_FILENAME, &options.folder, "Look for the project from here",
         "FOLDER"},
        {NULL},
    };
    if (!command_parse(&command_doctor, entries, &argc, &argv, &helped, error) || helped)
        return 0;
    checkup_found("platform", host_environment()->platform);
    check_valgrind(&checkup);
    check_instruments(&checkup);
    check_limits(&checkup);
    check_libc_debug(&checkup);
    check_debuginfod(&checkup);
    check_ptrace();
    g_autoptr(Project) project = project_find_bare(options.folder != NULL ? options.folder : ".", NULL);
    if (project == NULL && options.folder == NULL && argc == 1)
        check_folder(&checkup);
    else
        check_project(&checkup, &options, (const char *const *)argv + 1, error);
    return checkup.wrong > 0 ? verdict_exit_status(VERDICT_BROKEN) : 0;
}

const Command command_doctor = {
    .name = "doctor",
    .arguments = "[SCENARIO...]",
    .summary = "Check what a run needs and print the command that mends what is missing.",
    .run = command_doctor_run,
};
