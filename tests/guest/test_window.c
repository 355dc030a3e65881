/* A second peak, of a part of the run. */
#include <stdlib.h>
#include <string.h>

#include "ledgers.h"
#include "runner.h"

static Ledgers *run(const char *way)
{
    const char *argv[] = {runner_path("build/tests/guest/window"), way, NULL};
    Ledgers *ran = ledgers_run(argv, TRUE, 0);
    ck_assert_msg(ran->wait_status == 0, "%s: status %x: %s", way, ran->wait_status, ran->out);
    return ran;
}

/* What the sites held at the peak of the latest window. */
static gint64 at_peak_by_sites(const Received *received)
{
    const LedgerHeader *header = received->header;
    guint64 number = (guint64)header->windows << 48 | (guint64)header->window_peak_bytes;
    gint64 bytes = 0;
    for (guint i = 1; i < header->sites; i++) {
        const LedgerSite *site = &received_sites(received)[i];
        bytes += site->window_number == number ? site->window_bytes : site->live_bytes;
    }
    return bytes;
}

START_TEST(test_a_window_has_a_peak_of_its_own)
{
    g_autoptr(Ledgers) ran = run("windows");
    const LedgerHeader *header = ledgers_at(ran, 0)->header;
    ck_assert_str_eq(ran->out, "opened 1\n");
    ck_assert_uint_eq(header->window, 0);
    ck_assert_uint_eq(header->windows, 1);
    ck_assert_int_eq(header->window_peak_bytes, -5000 + 300000 + 7000);
    ck_assert_int_eq(header->window_live_bytes, -5000 + 7000);
    ck_assert_int_ge(header->peak_bytes, 900000);
}
END_TEST

START_TEST(test_after_a_window_each_site_tells_what_it_held_at_its_peak)
{
    g_autoptr(Ledgers) ran = run("windows");
    const Received *received = ledgers_at(ran, 0);
    ck_assert_int_eq(at_peak_by_sites(received) - received->header->live_bytes, 300000 + 7000);
}
END_TEST

START_TEST(test_a_window_that_is_opened_again_begins_anew)
{
    g_autoptr(Ledgers) ran = run("reopened");
    const LedgerHeader *header = ledgers_at(ran, 0)->header;
    ck_assert_str_eq(ran->out, "opened 2\n");
    ck_assert_uint_eq(header->window, 2);
    ck_assert_uint_eq(header->windows, 2);
    ck_assert_int_eq(header->window_peak_bytes, 50);
}
END_TEST

SUITE(window, 60)
{
    tcase_add_test(tcase, test_a_window_has_a_peak_of_its_own);
    tcase_add_test(tcase, test_after_a_window_each_site_tells_what_it_held_at_its_peak);
    tcase_add_test(tcase, test_a_window_that_is_opened_again_begins_anew);
}
