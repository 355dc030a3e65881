/* The interpreter is asked by the tracer itself, for a run of it: no list of versions can be out of date. */
#include <glib/gstdio.h>
#include <string.h>

#include "checkup.h"
#include "instrument/installed.h"
#include "run/owned_folder.h"
#include "run/run.h"

/* What the interpreter runs: it says on lines of its own whether pytest and the module are there, and what
 * the module says of the tracer's ledger. */
static const char question[] = "import importlib.util, sys\n"
                               "with open(sys.argv[1], 'w') as said:\n"
                               "    for name in 'pytest', 'heapgate':\n"
                               "        if importlib.util.find_spec(name):\n"
                               "            print('has', name, file=said)\n"
                               "    try:\n"
                               "        import heapgate.ledger\n"
                               "        heapgate.ledger.current()\n"
                               "    except ImportError:\n"
                               "        pass\n"
                               "    except Exception as error:\n"
                               "        print('error', error, file=said)\n";

typedef struct {
    Measurement *measurement; /* NULL: there was none */
    char *said;               /* what the question printed; NULL: nothing */
} PythonAnswer;

static void python_answer_clear(PythonAnswer *self)
{
    measurement_free(self->measurement);
    g_free(self->said);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PythonAnswer, python_answer_clear)

/* A project of one scenario, in a folder of its own, is measured and taken away. FALSE with error. */
static gboolean python_ask(const char *interpreter, PythonAnswer *answer, GError **error)
{
    static const char text[] = "run: [python3]\ntimeout: 60 s\ninstruments: [heap]\n";
    g_auto(OwnedFolder) folder = {0};
    if (!owned_folder_make(&folder)) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "no temporary folder could be made");
        return FALSE;
    }
    g_autofree char *scenarios = g_build_filename(folder.path, "scenarios", NULL);
    g_autofree char *script = g_build_filename(folder.path, "question.py", NULL);
    g_autofree char *said = g_build_filename(folder.path, "said", NULL);
    g_autofree char *path = g_build_filename(scenarios, "python.yaml", NULL);
    if (g_mkdir(scenarios, 0777) != 0 || !g_file_set_contents(script, question, -1, error))
        return FALSE;
    g_autoptr(Project) project = project_find(folder.path, error);
    g_autoptr(Scenario) scenario =
        project != NULL ? scenario_parse(project, path, text, strlen(text), error) : NULL;
    if (scenario == NULL)
        return FALSE;
    const char *argv[] = {interpreter, script, said, NULL};
    g_strfreev(scenario->run);
    scenario->run = g_strdupv((GStrv)argv);
    g_autoptr(Run) run = run_new(project, scenario, instrument_find("heap"), 0);
    run_measure(run, NULL);
    answer->measurement = g_steal_pointer(&run->measurement);
    if (g_file_test(said, G_FILE_TEST_IS_REGULAR)) /* a pipe would never end */
        g_file_get_contents(said, &answer->said, NULL, NULL);
    return TRUE;
}

static const char *find_note(const Measurement *measurement, const char *prefix)
{
    for (guint i = 0; i < measurement->notes->len; i++)
        if (g_str_has_prefix(g_ptr_array_index(measurement->notes, i), prefix))
            return g_ptr_array_index(measurement->notes, i);
    return NULL;
}

static void check_frames(Checkup *checkup, const PythonAnswer *answer, const char *what)
{
    const Measurement *measurement = answer->measurement;
    const char *unseen = find_note(measurement, "Python lines are not named");
    g_autofree char *good = g_strdup_printf("%s; its lines are seen", measurement->python);
    if (measurement->problem != NULL)
        checkup_missing(checkup, what, measurement->problem, "name another interpreter");
    else if (measurement->python == NULL)
        checkup_missing(checkup, what, "it is no CPython, or a program that starts one",
                        "name the interpreter itself, for instance venv/bin/python");
    else if (unseen != NULL)
        checkup_missing(checkup, what, unseen, "measure with a version whose lines are named");
    else
        checkup_found(what, good);
}

static void check_module(Checkup *checkup, const PythonAnswer *answer, const char *what, const char *label)
{
    g_autofree char *module =
        installed_find("the module for Python", "python", "../share/heapgate/python", NULL);
    g_autofree char *install = g_strdup_printf("%s -m pip install --force-reinstall %s", label,
                                               module != NULL ? module : "heapgate");
    const char *error = answer->said != NULL ? strstr(answer->said, "error ") : NULL;
    if (answer->said == NULL)
        return;
    if (error != NULL) {
        g_autofree char *line = g_strndup(error + strlen("error "), strcspn(error, "\n") - strlen("error "));
        checkup_missing(checkup, what, line, install);
    } else if (strstr(answer->said, "has pytest\n") != NULL &&
               strstr(answer->said, "has heapgate\n") == NULL) {
        checkup_note(what, "pytest is there and the plugin is not: tests that are marked pass unmeasured",
                     install);
    }
}

void checkup_python(Checkup *self, const char *interpreter, const char *label)
{
    g_autofree char *what = g_strdup_printf("Python %s", label);
    g_autoptr(GError) error = NULL;
    g_auto(PythonAnswer) answer = {NULL, NULL};
    if (!python_ask(interpreter, &answer, &error)) {
        checkup_missing(self, what, error != NULL ? error->message : "it could not be asked",
                        "make room in the folder for temporary files");
        return;
    }
    check_frames(self, &answer, what);
    check_module(self, &answer, what, label);
}
