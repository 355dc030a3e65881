/* From the sites of a ledger to call sites with names, and the modules of its stacks. */
#include "formats/ledger/ledger_sites.h"

#include <string.h>
#include <unistd.h>

#include "made_ledger.h"
#include "runner.h"

START_TEST(test_call_sites_leave_out_operator_new_and_what_calls_main)
{
    g_auto(MadeLedger) made = {0};
    made_ledger_init_small(&made);
    g_autoptr(Ledger) ledger = made_ledger_read(&made);
    static const char texts[] =
        "\0operator new(unsigned long)\0make_box\0box.cc\0main\0__libc_start_call_main\0_start";
    g_string_append_len(ledger->strings, texts + 1, sizeof texts - 1);
    const LedgerName names[] = {
        {1, 0, 0, 0, 0}, {29, 38, 0, 3, 1}, {45, 38, 0, 9, 1}, {50, 0, 0, 0, 1}, {73, 0, 0, 0, 0}};
    g_array_append_vals(ledger->names, names, G_N_ELEMENTS(names));
    ledger_place_of(ledger, 1)->name = 2; /* the rest of the stack */
    ledger_place_of(ledger, 2)->name = 1; /* the inner one: operator new */
    g_autoptr(CallSites) sites = call_sites_new();
    ledger_add_sites(ledger, LEDGER_NUMBER_KEPT, sites);
    ck_assert_uint_eq(call_sites_count(sites), 1); /* both sites come to the same */
    ck_assert_str_eq(call_sites_get(sites, 0)->key, "make_box (box.cc) < main (box.cc)");
    ck_assert_int_eq(call_sites_get(sites, 0)->bytes, 150);
}
END_TEST

static guint32 add_text(Ledger *ledger, const char *text)
{
    guint32 offset = (guint32)ledger->strings->len;
    g_string_append_len(ledger->strings, text, (gssize)strlen(text) + 1);
    return offset;
}

/* The key of a block that main allocated; function: its name; NULL: the program is stripped. The C library
 * is: of what calls main in it the exported function alone has a name. */
static void check_key_of_main(const char *function, const char *key)
{
    g_auto(MadeLedger) made = {0};
    made_ledger_init(&made);
    guint32 below = made_ledger_node(&made, made_ledger_node(&made, 0, 0x2010), 0x2020);
    made_ledger_site(&made, made_ledger_node(&made, below, 0x1010), 100, 0, 0);
    g_autoptr(Ledger) ledger = made_ledger_read(&made);
    guint32 libc = add_text(ledger, "/lib/libc.so.6"), program = add_text(ledger, "/bin/program");
    const LedgerName names[] = {{add_text(ledger, "__libc_start_main"), 0, libc, 0, 0},
                                {add_text(ledger, "???"), 0, libc, 0, 0},
                                {add_text(ledger, function), 0, program, 0, 0}};
    g_array_append_vals(ledger->names, names, G_N_ELEMENTS(names));
    for (guint place = 1; place <= G_N_ELEMENTS(names); place++)
        ledger_place_of(ledger, place)->name = place;
    g_autoptr(CallSites) sites = call_sites_new();
    ledger_add_sites(ledger, LEDGER_NUMBER_TOTAL, sites);
    ck_assert_uint_eq(call_sites_count(sites), 1);
    ck_assert_str_eq(call_sites_get(sites, 0)->key, key);
}

START_TEST(test_no_function_of_a_stripped_c_library_is_called_main)
{
    check_key_of_main("main", "main (program)");
    check_key_of_main("???", "main (program)");
    check_key_of_main("???~b4008c", "main (program)");
}
END_TEST

/* Counts are amounts of their own; sums of a hostile ledger stay within what JSON holds. */
START_TEST(test_what_passes_through_is_summed_up_by_site)
{
    g_auto(MadeLedger) made = {0};
    made_ledger_init(&made);
    made_ledger_site(&made, made_ledger_node(&made, 0, 0x1010), 0, 0, 0);
    made_ledger_site(&made, made_ledger_node(&made, 0, 0x2020), 0, 0, 0);
    g_autoptr(Ledger) ledger = made_ledger_read(&made);
    g_autoptr(CallSites) total = call_sites_new(), count = call_sites_new(), temporary = call_sites_new();
    ck_assert_int_eq(ledger_add_sites(ledger, LEDGER_NUMBER_TOTAL, total), 2000);
    ck_assert_int_eq(ledger_add_sites(ledger, LEDGER_NUMBER_ALLOCATIONS, count), 20);
    ck_assert_int_eq(ledger_add_sites(ledger, LEDGER_NUMBER_TEMPORARY, temporary), 6);
    ck_assert_int_eq(ledger_add_sites(ledger, LEDGER_NUMBER_TEMPORARY, NULL), 6);
    ck_assert_int_eq(call_sites_total_bytes(total), 2000);
    ck_assert_int_eq(call_sites_get(total, 0)->blocks, 20); /* both are of no module: one key */
    ck_assert_int_eq(call_sites_total_bytes(count), 20);
    ck_assert_int_eq(call_sites_get(count, 0)->blocks, 0);
    ck_assert_int_eq(call_sites_total_bytes(temporary), 6);
}
END_TEST

START_TEST(test_a_module_is_the_one_that_was_there_when_the_stack_was_seen)
{
    g_auto(MadeLedger) made = {0};
    made_ledger_init(&made);
    made_ledger_node(&made, 0, 0x1010);
    made_ledger_node(&made, 0, 0x1020);
    made_ledger_node(&made, 0, 0x1010);
    made_ledger_node(&made, 0, 0x1020);
    made_ledger_module(&made, "/lib/first.so", 0x1000, 0x2000);
    made_ledger_module(&made, "/lib/second.so", 0x1000, 0x2000);
    LedgerModule modules[2];
    ck_assert_int_eq(pread(made.fd, modules, sizeof modules, LEDGER_MODULES_AT), sizeof modules);
    modules[0].unloaded_at = modules[1].loaded_at = 2;
    ck_assert_int_eq(pwrite(made.fd, modules, sizeof modules, LEDGER_MODULES_AT), sizeof modules);
    g_autoptr(Ledger) ledger = made_ledger_read(&made);
    ck_assert_uint_eq(ledger_place_of(ledger, 1)->module, 1); /* index + 1 */
    ck_assert_uint_eq(ledger_place_of(ledger, 2)->module, 2);
    ck_assert_uint_eq(ledger_place_of(ledger, 3)->module, 2); /* the address of node 1 */
    ck_assert_uint_eq(ledger->places->len, 4);
    ck_assert_uint_eq(g_array_index(ledger->nodes, LedgerStack, 4).place,
                      g_array_index(ledger->nodes, LedgerStack, 2).place);
}
END_TEST

SUITE(ledger_sites, 30)
{
    tcase_add_test(tcase, test_call_sites_leave_out_operator_new_and_what_calls_main);
    tcase_add_test(tcase, test_no_function_of_a_stripped_c_library_is_called_main);
    tcase_add_test(tcase, test_what_passes_through_is_summed_up_by_site);
    tcase_add_test(tcase, test_a_module_is_the_one_that_was_there_when_the_stack_was_seen);
}
