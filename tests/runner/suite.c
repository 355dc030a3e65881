#include "suite.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

static pid_t suite_pid;
static SuiteCount *present;  /* of the suite that runs */
static gboolean has_skipped; /* the present test */

/* A test in a fork ends with its suite. */
static void begin_test(void)
{
    if (getpid() != suite_pid) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != suite_pid)
            _exit(EXIT_FAILURE);
    }
    has_skipped = FALSE;
}

/* Check calls it in the test's own process, and only after a test that did not fail. */
static void end_test(void)
{
    present->skipped += has_skipped;
}

void suite_note_skip(void)
{
    has_skipped = TRUE;
}

/* Check has opened its log: programs that tests start do not get it. */
static void begin_suite(void)
{
    close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
}

static SRunner *make_runner(const TestSuite *suite)
{
    Suite *made = suite_create(suite->name);
    TCase *tcase = tcase_create(suite->name);
    tcase_set_timeout(tcase, suite->timeout_s);
    tcase_add_unchecked_fixture(tcase, begin_suite, NULL);
    tcase_add_checked_fixture(tcase, begin_test, end_test);
    suite->fill(tcase);
    suite_add_tcase(made, tcase);
    return srunner_create(made);
}

void suite_run(const TestSuite *suite, SuiteCount *count)
{
    gint64 begin_us = g_get_monotonic_time();
    gboolean asked = g_getenv("CK_VERBOSITY") != NULL;
    SRunner *runner = make_runner(suite);
    /* Only a log of check's says how long a test took. It is opened by its path, which check does not copy.
     */
    int log = memfd_create("log", MFD_CLOEXEC);
    g_autofree char *log_path = g_strdup_printf("/proc/self/fd/%d", log);
    srunner_set_xml(runner, log_path);
    suite_pid = getpid();
    present = count;
    srunner_run_all(runner, asked ? CK_ENV : CK_SILENT);
    count->failed = srunner_ntests_failed(runner);
    count->passed = srunner_ntests_run(runner) - count->failed - count->skipped;
    if (count->failed > 0 && !asked)
        srunner_print(runner, CK_NORMAL);
    srunner_free(runner);
    slowest_read(&count->slowest, suite->name, log);
    count->took_us = g_get_monotonic_time() - begin_us;
    count->complete = TRUE;
}
