#include "sample.h"

#include <string.h>

#include "model/frame_kind.h"
#include "runner.h"

static const Frame edit_stack[] = {
    {.function = "malloc", .object = "/usr/libexec/valgrind/vgpreload_memcheck-amd64-linux.so"},
    {.function = "copy_attribute", .file = "scenarios/programs/roundtrip.c", .line = 112},
    {.function = "edit_document", .file = "scenarios/programs/roundtrip.c", .line = 141},
    {.function = "main", .file = "scenarios/programs/roundtrip.c", .line = 203},
};

static const Frame deep_stack[] = {
    {.object = "/usr/lib/x86_64-linux-gnu/libsqlite3.so.0.8.6"},
    {.object = "/usr/lib/x86_64-linux-gnu/libsqlite3.so.0.8.6"},
    {.object = "/usr/lib/x86_64-linux-gnu/libsqlite3.so.0.8.6"},
    {.function = "sqlite3_step", .object = "/usr/lib/x86_64-linux-gnu/libsqlite3.so.0.8.6"},
    {.function = "exec_prepared_stmt", .file = "shell.c", .line = 14312},
    {.function = "shell_exec", .file = "shell.c", .line = 14629},
    {.function = "runOneSqlLine", .file = "shell.c", .line = 21420},
    {.function = "process_input", .file = "shell.c", .line = 21543},
    {.function = "dispatch", .file = "shell.c", .line = 22001},
    {.function = "std::_Function_handler<void (std::vector<std::basic_string<char>> const&), "
                 "app::Session::bind(std::shared_ptr<app::Handler>)::{lambda(auto&&...)#1}>::_M_invoke",
     .file = "session.cpp",
     .line = 88},
    {.function = "loop", .file = "shell.c", .line = 22300},
    {.function = "main", .file = "shell.c", .line = 22353},
};

static Environment *environment(void)
{
    const Environment model = {"debian-12-x86_64", "x86_64", "glibc 2.36", NULL};
    return environment_copy(&model);
}

static ScenarioResult *scenario(const char *name)
{
    const char *tags[] = {"fast", NULL};
    g_autofree char *file = g_strdup_printf("scenarios/%s.yaml", name);
    ScenarioResult *self = scenario_result_new(name, "What it is about", file, tags);
    self->environment = environment();
    return self;
}

static InstrumentResult *instrument(const char *name, gint64 duration_us)
{
    Measurement *measurement = measurement_new(name);
    measurement->tool = g_strdup(strcmp(name, "heap") == 0 ? "64 frames" : "Valgrind 3.19.0, 24 frames");
    measurement->duration_us = duration_us;
    return instrument_result_new(measurement);
}

static Comparison *compare(InstrumentResult *target, MetricId metric, Verdict verdict, gint64 base,
                           gint64 now, gint64 limit, const char *sentence)
{
    Comparison *self = comparison_new(metric);
    self->verdict = verdict;
    self->has_base = TRUE;
    self->base = base;
    self->now = now;
    self->limit = limit;
    self->sentence = g_strdup(sentence);
    measurement_set(target->measurement, metric, now, NULL);
    instrument_result_add(target, self);
    return self;
}

static void add_delta(Comparison *target, const Frame *frames, guint n_frames, gint64 base, gint64 now,
                      gint64 blocks)
{
    g_autofree char *key = call_site_key(frames, n_frames);
    SiteDelta *delta = site_delta_new(key, frames, n_frames, base, now, blocks);
    for (guint i = 0; i < n_frames; i++)
        delta->frames[i].kind = frame_kind_of(&delta->frames[i]);
    g_ptr_array_add(target->deltas, delta);
}

static ScenarioResult *passing(const char *name, Verdict verdict)
{
    ScenarioResult *self = scenario(name);
    InstrumentResult *massif = instrument("massif", 1234567), *memcheck = instrument("memcheck", 3000499);
    gint64 base = verdict == VERDICT_IMPROVED ? 3000000 : 2013266;
    Comparison *peak = compare(massif, METRIC_PEAK, verdict, base, 2013266, base + 65536,
                               verdict == VERDICT_IMPROVED ? "peak fell by 32.9 %" : NULL);
    if (verdict == VERDICT_IMPROVED)
        add_delta(peak, deep_stack, G_N_ELEMENTS(deep_stack), 986734, 0, -12);
    compare(massif, METRIC_RETAINED, VERDICT_PASS, 0, 0, 0, NULL);
    compare(massif, METRIC_GROWTH, VERDICT_PASS, 0, 0, 0, NULL);
    CallSites *sites = call_sites_new();
    call_sites_add(sites, deep_stack, G_N_ELEMENTS(deep_stack), 2000000, 40);
    call_sites_add(sites, edit_stack, G_N_ELEMENTS(edit_stack), 13266, 3);
    measurement_set(massif->measurement, METRIC_PEAK, 2013266, sites);
    measurement_find(massif->measurement, METRIC_GROWTH)->bound = 16;
    massif->measurement->iterations = 17;
    massif->measurement->warmup = 3;
    massif->measurement->time_unit = g_strdup("instructions");
    const TimelinePoint points[] = {{0, 0}, {1.5e9, 2013266}, {2000000000.25, 0}};
    g_array_append_vals(massif->measurement->timeline, points, G_N_ELEMENTS(points));
    measurement_add_mark(massif->measurement, "opened", 1000);
    measurement_add_mark(massif->measurement, "end", 0);
    measurement_add_process(massif->measurement, 4711, "sqlite3 :memory:", 2013266, 0);
    compare(memcheck, METRIC_LOST, VERDICT_PASS, 0, 0, 0, NULL);
    memcheck->measurement->reachable_bytes = 4096;
    scenario_result_add(self, massif);
    scenario_result_add(self, memcheck);
    return self;
}

static Result *result(void)
{
    Result *self = result_new("0.1.0", "debian-12-x86_64", "2025-03-01T12:00:00Z");
    self->commit = g_strdup("0123456789abcdef0123456789abcdef01234567");
    self->duration_us = 12345678;
    return self;
}

Result *sample_passing(void)
{
    Result *self = result();
    result_add(self, passing("sqlite-order-entry", VERDICT_PASS));
    result_add(self, passing("xml-roundtrip", VERDICT_PASS));
    return self;
}

Result *sample_empty(void)
{
    return result();
}

static ScenarioResult *leaking(const char *name)
{
    ScenarioResult *self = scenario(name);
    InstrumentResult *massif = instrument("massif", 2100000), *memcheck = instrument("memcheck", 5400000);
    guint n = G_N_ELEMENTS(edit_stack);
    compare(massif, METRIC_PEAK, VERDICT_PASS, 402653, 404093, 468189, NULL);
    Comparison *retained = compare(massif, METRIC_RETAINED, VERDICT_REGRESSED, 0, 1440, 0,
                                   "retained 1.41 KiB, was 0 B, allowed 0 B");
    add_delta(retained, edit_stack, n, 0, 1440, 30);
    Comparison *growth = compare(massif, METRIC_GROWTH, VERDICT_REGRESSED, 0, 48, 0,
                                 "growth 48 B/iteration, was 0 B/iteration, allowed 0 B/iteration");
    add_delta(growth, edit_stack, n, 0, 48, 1);
    measurement_find(massif->measurement, METRIC_GROWTH)->bound = 16;
    massif->measurement->iterations = 27;
    massif->measurement->warmup = 3;
    Comparison *lost =
        compare(memcheck, METRIC_LOST, VERDICT_REGRESSED, 0, 1440, 0, "lost 1.41 KiB, was 0 B, allowed 0 B");
    add_delta(lost, edit_stack, n, 0, 1440, 30);
    compare(memcheck, METRIC_ERRORS, VERDICT_PASS, 0, 0, 0, NULL);
    scenario_result_add(self, massif);
    scenario_result_add(self, memcheck);
    return self;
}

static ScenarioResult *hungry(const char *name)
{
    ScenarioResult *self = scenario(name);
    InstrumentResult *massif = instrument("massif", 900000);
    Comparison *peak = compare(massif, METRIC_PEAK, VERDICT_REGRESSED, 8388608, 11010048, 8808038,
                               "peak 10.5 MiB, was 8.00 MiB, allowed 8.40 MiB");
    peak->spread = 4096;
    add_delta(peak, deep_stack, G_N_ELEMENTS(deep_stack), 4194304, 6291456, 512);
    add_delta(peak, deep_stack + 3, G_N_ELEMENTS(deep_stack) - 3, 0, 524288, 1);
    add_delta(peak, edit_stack + 1, G_N_ELEMENTS(edit_stack) - 1, 4194304, 4190208, -1);
    compare(massif, METRIC_RETAINED, VERDICT_PASS, 0, 0, 0, NULL);
    scenario_result_add(self, massif);
    return self;
}

Result *sample_regressed(void)
{
    Result *self = result();
    result_add(self, hungry("json-large"));
    result_add(self, passing("sqlite-order-entry", VERDICT_PASS));
    result_add(self, leaking("xml-roundtrip"));
    return self;
}

static ScenarioResult *unmeasured(const char *name, Verdict verdict, const char *sentence)
{
    ScenarioResult *self = scenario(name);
    InstrumentResult *massif = instrument("massif", 50000);
    massif->verdict = verdict;
    massif->sentence = g_strdup(sentence);
    if (verdict == VERDICT_BROKEN) {
        measurement_set_problem(massif->measurement, "%s", sentence);
    } else {
        measurement_set(massif->measurement, METRIC_PEAK, 2013266, NULL);
        measurement_set(massif->measurement, METRIC_RETAINED, 0, NULL);
    }
    scenario_result_add(self, massif);
    return self;
}

Result *sample_every_verdict(void)
{
    Result *self = result();
    result_add(
        self,
        unmeasured("broken-run", VERDICT_BROKEN,
                   "massif wrote no output: python3 is a shell script, and what it started was not traced"));
    result_add(self, passing("improved-run", VERDICT_IMPROVED));
    result_add(self,
               unmeasured("incomparable-run", VERDICT_INCOMPARABLE,
                          "the baseline holds for another environment: Valgrind: 3.22.0 there, 3.19.0 here"));
    result_add(self,
               unmeasured("new-run", VERDICT_NEW, "baselines/debian-12-x86_64/new-run.yaml is not there"));
    result_add(self, passing("passing-run", VERDICT_PASS));
    result_add(self, leaking("regressed-run"));
    return self;
}

Result *sample_hostile(void)
{
    static const char evil[] =
        "]]><x a='\"&\"'/>\033[2J\x01\xff\xc3\r\n::error::x,y:%0A|`````|\n</details>\xe2\x80\xae";
    const Frame frames[] = {
        {.function = evil, .file = evil, .line = 7},
        {.function = evil, .object = evil},
        {.function = "\xef\xbf\xbe", .file = "a,b:c%.c", .line = 4294967295u},
    };
    Result *self = result();
    for (int i = 0; i < 2; i++) { /* two of one name once they are clean */
        ScenarioResult *child = scenario(evil);
        InstrumentResult *massif = instrument(evil, -1);
        Comparison *growth = compare(massif, METRIC_GROWTH, VERDICT_REGRESSED, 0, 48, 0, evil);
        add_delta(growth, frames, G_N_ELEMENTS(frames), 0, 48, 1);
        measurement_add_mark(massif->measurement, evil, 1);
        scenario_result_add(child, massif);
        result_add(self, child);
    }
    result_add(self, unmeasured("", VERDICT_BROKEN, evil));
    result_add(self, unmeasured("", VERDICT_NEW, NULL));
    result_add(self, scenario("nothing-measured"));
    result_add(self, passing(evil, VERDICT_IMPROVED));
    return self;
}

static void add_deltas(Comparison *target, guint deltas)
{
    Frame frames[20];
    for (guint d = 0; d < deltas; d++) {
        g_autofree char *name = g_strdup_printf("grower_%u_of_%s", d, metric_get(target->metric)->name);
        for (guint f = 0; f < G_N_ELEMENTS(frames); f++)
            frames[f] = (Frame){.function = f == 0 ? name : "caller", .file = "many.c", .line = 10 * d + f};
        for (guint f = 1; f < G_N_ELEMENTS(frames); f += 2)
            frames[f].file = f % 4 == 1 ? "odd.c" : "even.c";
        add_delta(target, frames, G_N_ELEMENTS(frames), 0, 1000 - d, 1);
    }
}

Result *sample_many(guint scenarios, guint deltas)
{
    Result *self = result();
    for (guint s = 0; s < scenarios; s++) {
        g_autofree char *name = g_strdup_printf("scenario-%05u", s);
        ScenarioResult *child = scenario(name);
        InstrumentResult *massif = instrument("massif", 1000000);
        for (const Metric *metric = metrics_all(); metric->name != NULL; metric++)
            add_deltas(compare(massif, metric->id, VERDICT_REGRESSED, 0, 100000 + s, 10,
                               "it grew beyond what is allowed"),
                       deltas);
        scenario_result_add(child, massif);
        result_add(self, child);
    }
    return self;
}

char *sample_write(const Report *report, const Result *sample)
{
    return sample_write_with(report, &(const ReportOptions){0}, sample);
}

char *sample_write_with(const Report *report, const ReportOptions *options, const Result *sample)
{
    g_autoptr(GOutputStream) stream = g_memory_output_stream_new_resizable();
    g_autoptr(GError) error = NULL;
    g_autoptr(Findings) findings = findings_new(sample);
    ck_assert(report->write(findings, options, stream, &error));
    ck_assert_ptr_null(error);
    GMemoryOutputStream *memory = G_MEMORY_OUTPUT_STREAM(stream);
    GString *text = g_string_new(NULL); /* a report may be empty */
    gsize length = g_memory_output_stream_get_data_size(memory);
    if (length > 0)
        g_string_append_len(text, g_memory_output_stream_get_data(memory), (gssize)length);
    return g_string_free(text, FALSE);
}

void sample_check_golden(const char *name, const char *text)
{
    g_autofree char *relative = g_build_filename("tests/report/golden", name, NULL), *expected = NULL;
    const char *path = runner_path(relative);
    if (g_getenv("HEAPGATE_UPDATE_GOLDEN") != NULL)
        ck_assert(g_file_set_contents(path, text, -1, NULL));
    ck_assert_msg(g_file_get_contents(path, &expected, NULL, NULL),
                  "%s is missing: HEAPGATE_UPDATE_GOLDEN=1 build/run-tests 'report_*' writes it", path);
    ck_assert_msg(strcmp(expected, text) == 0, "%s differs; found:\n%.3000s", path, text);
}
