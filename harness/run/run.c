#include "run.h"

#include <string.h>

#include "collector.h"
#include "host.h"
#include "instrument/ledger_evidence.h"
#include "instrument/mark.h"
#include "model/give_back.h"
#include "program_environment.h"
#include "python_package.h"
#include "python_version.h"
#include "supervisor.h"
#include "workplace.h"

Run *run_new(const Project *project, const Scenario *scenario, const Instrument *instrument, guint repetition)
{
    Run *self = g_new0(Run, 1);
    self->project = project;
    self->scenario = scenario;
    self->instrument = instrument;
    self->repetition = repetition;
    g_mutex_init(&self->lock);
    return self;
}

void run_free(Run *self)
{
    if (self == NULL)
        return;
    g_mutex_clear(&self->lock);
    g_free(self->marks_folder);
    measurement_free(self->measurement);
    g_free(self);
}

/* The program itself, found as the user's shell would; NULL where there is none; (transfer full). */
static char *find_program(const char *name)
{
    if (strchr(name, '/') == NULL)
        return g_find_program_in_path(name);
    return g_file_test(name, G_FILE_TEST_IS_EXECUTABLE) && !g_file_test(name, G_FILE_TEST_IS_DIR)
               ? g_strdup(name)
               : NULL;
}

/* What a process of a run is to do. */
typedef struct {
    const char *what; /* its name in messages */
    gint64 exit_status;
    gboolean is_program;   /* the scenario's, which says the status; what prepares a run has none but 0 */
    const char *own_pipes; /* as in Launch */
} Expectation;

static void set_exit_problem(int status, const Expectation *expected, const char *said,
                             Measurement *measurement)
{
    g_autofree char *correct = expected->is_program
                                   ? g_strdup_printf(", or correct the scenario's expect: {exit: %d}", status)
                                   : g_strdup("");
    measurement_set_problem(
        measurement, "%s exited with status %d, expected %" G_GINT64_FORMAT "; run it by hand to see why%s%s",
        expected->what, status, expected->exit_status, correct, said);
}

/* Says how a run ended that did not end as expected. */
static gboolean check_end(const SupervisorOutcome *outcome, const SupervisorPlan *plan,
                          const Expectation *expected, const Workplace *place, Measurement *measurement)
{
    const char *what = expected->what;
    g_autofree char *words = workplace_last_words(place);
    g_autofree char *said =
        *words != '\0' ? g_strdup_printf("; it last wrote: %s", words) : g_strdup("; it wrote no message");
    g_autofree char *timeout = g_strdup_printf("%.3g s", (double)plan->timeout_us / G_USEC_PER_SEC);
    switch (outcome->end) {
    case SUPERVISOR_TIMED_OUT:
        measurement_set_problem(
            measurement,
            "%s was still running after its timeout of %s; raise `timeout`, or find what it waits "
            "for%s",
            what, timeout, said);
        return FALSE;
    case SUPERVISOR_CANCELLED:
        measurement_set_problem(measurement, "the run was interrupted");
        return FALSE;
    case SUPERVISOR_SIGNALLED:
        measurement_set_problem(measurement, "%s was killed by signal %d (%s); run it by hand to see why%s",
                                what, outcome->status, g_strsignal(outcome->status), said);
        return FALSE;
    case SUPERVISOR_UNGUARDED:
        measurement_set_problem(
            measurement,
            "the process by which heapgate guards %s was killed, and %s was ended with it; "
            "let it kill no process that it did not start, nor use up all memory%s",
            what, what, said);
        return FALSE;
    case SUPERVISOR_EXITED:
        break;
    }
    if (outcome->status == expected->exit_status)
        return TRUE;
    set_exit_problem(outcome->status, expected, said, measurement);
    return FALSE;
}

static gboolean supervise(const SupervisorPlan *plan, const Expectation *expected, const Workplace *place,
                          GCancellable *cancellable, SupervisorOutcome *outcome, Measurement *measurement)
{
    g_autoptr(GError) error = NULL;
    if (!supervisor_run(plan, cancellable, outcome, &error)) {
        measurement_set_problem(measurement, "%s", error->message);
        return FALSE;
    }
    g_autofree char *foreign = workplace_find_foreign(place, expected->own_pipes);
    if (foreign == NULL)
        return check_end(outcome, plan, expected, place, measurement);
    measurement_set_problem(measurement,
                            "%s left %s beside its working folder, which is neither a file nor a folder; let "
                            "it write into its working folder alone",
                            expected->what, foreign);
    return FALSE;
}

static gboolean prepare(const Scenario *scenario, const Workplace *place, GCancellable *cancellable,
                        Measurement *measurement)
{
    g_auto(GStrv) env = program_environment(scenario, NULL, NULL, 0, place->work);
    for (guint i = 0; i < scenario->prepare->len; i++) {
        GStrv argv = g_ptr_array_index(scenario->prepare, i);
        g_autofree char *program = find_program(argv[0]);
        if (program == NULL) {
            measurement_set_problem(
                measurement, "prepare: %s is not there or not executable; build or install it", argv[0]);
            return FALSE;
        }
        g_auto(GStrv) whole = g_strdupv(argv);
        g_free(whole[0]);
        whole[0] = g_steal_pointer(&program);
        SupervisorPlan plan = {.argv = (const char *const *)whole,
                               .env = (const char *const *)env,
                               .folder = place->work,
                               .stdout_path = place->stdout_path,
                               .stderr_path = place->stderr_path,
                               .timeout_us = scenario->timeout_us,
                               .cpus = scenario->cpus};
        SupervisorOutcome outcome;
        g_autofree char *what = g_strdup_printf("prepare: %s", argv[0]);
        const Expectation expected = {.what = what};
        if (!supervise(&plan, &expected, place, cancellable, &outcome, measurement))
            return FALSE;
    }
    return TRUE;
}

/* A workflow that did not mark what it promised was not seen. */
static void check_iterations(const Scenario *scenario, Measurement *measurement)
{
    guint marked = measurement->iterations + measurement->warmup;
    if (!scenario->has_workflow || measurement->problem != NULL)
        return;
    if (scenario->iterations > 0 && marked != scenario->iterations)
        measurement_set_problem(
            measurement,
            "the program marked %u iterations, the scenario expects %" G_GINT64_FORMAT
            "; call heapgate_iteration() (heapgate.h) at the end of each pass, or correct "
            "workflow.iterations",
            marked, scenario->iterations);
    else if (measurement_find(measurement, METRIC_GROWTH) == NULL)
        measurement_set_problem(
            measurement,
            "the program marked %u iterations, too few to tell growth from noise; mark at least "
            "%d after the warm-up",
            marked, SCENARIO_FEWEST_COUNTED);
}

static void set_marks_folder(Run *self, const char *folder)
{
    g_mutex_lock(&self->lock);
    g_free(self->marks_folder);
    self->marks_folder = g_strdup(folder);
    g_mutex_unlock(&self->lock);
}

/* The processes are gone. It points into the collector. */
static LedgerEvidence gather(Collector *collector, const KeeperLog *log)
{
    if (log != NULL)
        collector_set_killed(collector, log->pids, MIN(log->count, KEEPER_LOG_ROOM));
    LedgerEvidence evidence = {.ledgers = collector_finish(collector)};
    evidence.unseen = collector_unseen(collector);
    evidence.samples = collector_samples(collector);
    evidence.problem = collector_problem(collector);
    return evidence;
}

/* Runs the program and collects what the instrument left. */
static void watch(Run *self, const SupervisorPlan *plan, const Launch *launch, const Workplace *place,
                  GCancellable *cancellable, Measurement *measurement)
{
    const Scenario *scenario = self->scenario;
    g_autoptr(GError) error = NULL;
    g_autoptr(Collector) collector = NULL;
    if (launch->ledger_socket != NULL && (collector = collector_new(launch->ledger_socket, &error)) == NULL) {
        measurement_set_problem(measurement, "%s", error->message);
        return;
    }
    SupervisorOutcome outcome = {0};
    SupervisorPlan traced = *plan;
    g_autoptr(KeeperLog) log = collector != NULL ? keeper_log_new(TRUE) : NULL;
    traced.log = log;
    set_marks_folder(self, place->output);
    const Expectation expected = {scenario->run[0], scenario->expect_exit, TRUE, launch->own_pipes};
    gboolean ended = supervise(&traced, &expected, place, cancellable, &outcome, measurement);
    set_marks_folder(self, NULL);
    measurement->duration_us = outcome.duration_us;
    if (!ended)
        return;
    Outcome result = {
        .pid = outcome.pid, .work = place->work, .output = place->output, .stderr_path = place->stderr_path};
    LedgerEvidence evidence;
    if (collector != NULL) {
        evidence = gather(collector, log);
        result.evidence = &evidence;
    }
    self->instrument->collect(scenario, &result, measurement);
    check_iterations(scenario, measurement);
}

static void measure_in(Run *self, const Workplace *place, GCancellable *cancellable, Measurement *measurement)
{
    const Scenario *scenario = self->scenario;
    g_autofree char *program = find_program(scenario->run[0]);
    if (program == NULL) {
        measurement_set_problem(measurement, "%s is not there or not executable; build or install it",
                                scenario->run[0]);
        return;
    }
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) python = scenario->drives_python ? python_package_environment(&error) : NULL;
    if (error != NULL) {
        measurement_set_problem(measurement, "%s", error->message);
        return;
    }
    if (!prepare(scenario, place, cancellable, measurement))
        return;
    /* Under the tracer a Python says itself which it is. */
    if (self->instrument->by_valgrind)
        measurement->python = python_version_ask(scenario, place, cancellable);
    Launch launch = {.argv = g_ptr_array_new_with_free_func(g_free)};
    self->instrument->launch(scenario, program, place->output, &launch);
    g_ptr_array_add(launch.argv, NULL);
    g_auto(GStrv) env = program_environment(scenario, launch.env, python, self->repetition, place->work);
    SupervisorPlan plan = {.argv = (const char *const *)launch.argv->pdata,
                           .env = (const char *const *)env,
                           .folder = place->work,
                           .stdin_path = scenario->stdin_file != NULL ? scenario->stdin_file->path : NULL,
                           .stdout_path = place->stdout_path,
                           .stderr_path = place->stderr_path,
                           .timeout_us = scenario->timeout_us,
                           .cpus = scenario->cpus};
    watch(self, &plan, &launch, place, cancellable, measurement);
    g_ptr_array_unref(launch.argv);
    g_strfreev(launch.env);
    g_free(launch.ledger_socket);
}

static void keep_raw(const Run *self, const Workplace *place)
{
    g_autofree char *again =
        self->repetition > 0 ? g_strdup_printf(".%u", self->repetition + 1) : g_strdup("");
    g_autofree char *name = g_strdup_printf("%s.%s%s", self->scenario->name, self->instrument->name, again);
    g_autofree char *target = g_build_filename(self->project->reports, "raw", name, NULL);
    g_autofree char *inside = project_resolve(self->project, self->project->root, target);
    if (inside != NULL) /* a link may lead elsewhere, and what lies there is not ours to replace */
        workplace_keep(place, inside);
}

void run_measure(Run *self, GCancellable *cancellable)
{
    Measurement *measurement = measurement_new(self->instrument->name);
    measurement->tool = host_tool(self->instrument);
    g_autoptr(GError) error = NULL;
    g_mutex_lock(&self->lock);
    self->state = RUN_RUNNING;
    self->started_us = g_get_monotonic_time();
    g_mutex_unlock(&self->lock);
    if (g_cancellable_is_cancelled(cancellable)) {
        measurement_set_problem(measurement, "the run was interrupted");
    } else if (!self->instrument->probe(&error)) {
        measurement_set_problem(measurement, "%s", error->message);
    } else {
        g_autoptr(Workplace) place = workplace_new(self->scenario, &error);
        if (place == NULL) {
            measurement_set_problem(measurement, "%s", error->message);
        } else {
            measure_in(self, place, cancellable, measurement);
            keep_raw(self, place);
        }
    }
    give_back_memory();
    g_mutex_lock(&self->lock);
    self->state = RUN_DONE;
    self->measurement = measurement;
    g_mutex_unlock(&self->lock);
}

guint run_iterations_so_far(Run *self)
{
    g_mutex_lock(&self->lock);
    g_autofree char *folder = g_strdup(self->marks_folder);
    g_mutex_unlock(&self->lock);
    if (folder == NULL)
        return 0;
    g_autoptr(GPtrArray) paths = mark_files(folder, 0);
    guint iterations = 0;
    for (guint i = 0; i < paths->len; i++)
        iterations += g_strcmp0(mark_file_name(g_ptr_array_index(paths, i), NULL), "iteration") == 0;
    return iterations;
}
