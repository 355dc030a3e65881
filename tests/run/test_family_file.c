/* The file of a family as the collector reads it: of a tracer that has more in it, and of one that lies. */
#include "run/family.h"

#include <string.h>
#include <unistd.h>

#include "error.h"
#include "formats/made_ledger.h"
#include "instrument/heap.h"
#include "runner.h"

enum { MORE = 1 << 16 };

static void begun(Family *self, Member *member, gpointer user_data)
{
    (void)self;
    g_array_append_val((GArray *)user_data, member->own_pid);
}

/* The second ledger, and an entry of a program that nobody answers; both by what the roll says of them. */
static void put_second(MadeLedger *made)
{
    LedgerHeader fork = made->header;
    RollEntry entry = {.kind = ROLL_SPAWN, .pid = 1000, .time_ns = 3, .path = "/bin/another"};
    fork.forked = LEDGER_FORKED;
    fork.pid = 4711;
    fork.started_ns = 2;
    off_t fork_at = (off_t)(made->roll.ledgers_at + made->roll.ledger_size);
    off_t entry_at = (off_t)(made->roll.entries_at + made->roll.entry_size);
    made->roll.room = made->roll.ledgers = made->roll.entries = 2;
    ck_assert_int_eq(ftruncate(made->fd, (off_t)(made->roll.ledgers_at + 2 * made->roll.ledger_size)), 0);
    ck_assert_int_eq(pwrite(made->fd, &fork, sizeof fork, fork_at), sizeof fork);
    ck_assert_int_eq(pwrite(made->fd, &entry, sizeof entry, entry_at), sizeof entry);
}

static void check_both(MadeLedger *made)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) pids = g_array_new(FALSE, FALSE, sizeof(gint64));
    g_autoptr(Starts) starts = starts_new();
    Family *family = family_new(dup(made->fd), 1, &error);
    ck_assert_msg(family != NULL, "%s", error != NULL ? error->message : "");
    family_look(family, begun, pids);
    ck_assert_uint_eq(pids->len, 2);
    ck_assert_int_eq(g_array_index(pids, gint64, 1), 4711);
    g_autoptr(Ledger) second = ledger_read(family_file(family, 1), "second", &error);
    ck_assert_msg(second != NULL, "%s", error != NULL ? error->message : "");
    ck_assert_uint_eq(second->header.pid, 4711);
    family_add_entries(family, starts);
    const GPtrArray *missing = starts_missing(starts);
    ck_assert_uint_eq(missing->len, 1);
    ck_assert_str_eq(((UnseenProgram *)g_ptr_array_index(missing, 0))->path, "/bin/another");
    family_unref(family);
}

START_TEST(test_a_family_with_larger_entries_and_ledgers_is_read)
{
    for (guint more = 0; more < 2; more++) {
        g_auto(MadeLedger) made = {0};
        made_ledger_init_family(&made);
        made.roll.header_size += more * 64;
        made.roll.entries_at += more * MORE;
        made.roll.entry_size += more * 128;
        made.roll.ledgers_at += more * 1024 * MORE;
        made.roll.ledger_size += more * MORE;
        made.at = made.roll.ledgers_at;
        put_second(&made);
        made_ledger_finish(&made);
        check_both(&made);
    }
}
END_TEST

START_TEST(test_a_family_whose_parts_do_not_fit_into_its_file_is_refused)
{
    g_auto(MadeLedger) made = {0};
    made_ledger_init_family(&made);
    const RollHeader roll = made.roll;
    RollHeader rows[10];
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        rows[i] = roll;
    rows[0].header_size--;
    rows[1].entry_size--;
    rows[2].entry_size = UINT32_MAX;
    rows[3].entries_at = 8;
    rows[4].entries_at = UINT64_MAX - 8;
    rows[5].ledgers_at -= MORE * 2;
    rows[6].ledgers_at++;
    rows[7].ledger_size++;
    rows[8].ledger_size = UINT64_MAX;
    rows[9].ledger_size = 64;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        made.roll = rows[i];
        made_ledger_finish(&made);
        g_autoptr(GError) error = NULL;
        ck_assert_msg(family_new(dup(made.fd), 1, &error) == NULL, "row %zu", i);
        ck_assert_ptr_nonnull(strstr(error->message, "heapgate of one build"));
    }
}
END_TEST

SUITE(family_file, 30)
{
    tcase_add_test(tcase, test_a_family_with_larger_entries_and_ledgers_is_read);
    tcase_add_test(tcase, test_a_family_whose_parts_do_not_fit_into_its_file_is_refused);
}
