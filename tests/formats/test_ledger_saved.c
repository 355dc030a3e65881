/* Saved ledgers: as they were, of a heapgate that saves more than is known here, and such that lie. */
#include "formats/ledger/ledger_saved.h"

#include <string.h>

#include "formats/ledger/ledger_columns.h"
#include "made_ledger.h"
#include "runner.h"

enum { MORE = 24 }; /* bytes of each record, unknown here */

/* A saved ledger in parts. */
typedef struct {
    SavedHead head;
    LedgerSection sections[SAVED_MOST_SECTIONS];
    GByteArray *bytes; /* the whole, (transfer none) */
} Parts;

static Parts parts_of(GByteArray *saved)
{
    Parts parts = {.bytes = saved};
    memcpy(&parts.head, saved->data, sizeof parts.head);
    memcpy(parts.sections, saved->data + sizeof parts.head, parts.head.sections * sizeof parts.sections[0]);
    return parts;
}

static void parts_write(Parts *parts)
{
    parts->head.checksum = saved_checksum(&parts->head, parts->sections);
    memcpy(parts->bytes->data, &parts->head, sizeof parts->head);
    memcpy(parts->bytes->data + sizeof parts->head, parts->sections,
           parts->head.sections * sizeof parts->sections[0]);
}

static LedgerSection *section_of(Parts *parts, const char *tag)
{
    return made_section_find(parts->sections, parts->head.sections, tag);
}

/* (transfer full). */
static GByteArray *save_small(void)
{
    g_auto(MadeLedger) made = {0};
    made_ledger_init(&made);
    guint32 outer = made_ledger_node(&made, 0, 0x1010), inner = made_ledger_node(&made, outer, 0x1020);
    made_ledger_site(&made, inner, 100, 7, 900);
    made_ledger_block(&made, 0, 5, 60, made_ledger_site(&made, outer, 60, 1, 900), 0);
    made_ledger_module(&made, "/usr/lib/made.so", 0x1000, 0x2000);
    made_ledger_mark(&made, "opened");
    made_ledger_change(&made, 1, 100);
    g_autoptr(Ledger) ledger = made_ledger_read(&made);
    LedgerSample sample = {50, 100, 200};
    g_array_append_val(ledger->samples, sample);
    return ledger_save(ledger);
}

/* Appends a section's records, each `more` bytes longer. */
static void append_longer(GByteArray *out, const GByteArray *saved, const LedgerSection *section, guint more)
{
    guint8 excess[MORE];
    memset(excess, 0xa5, sizeof excess);
    for (guint64 i = 0; i < section->count; i++) {
        g_byte_array_append(out, saved->data + section->offset + i * section->record_size,
                            section->record_size);
        g_byte_array_append(out, excess, more);
    }
    g_byte_array_append(out, (const guint8[SAVED_ALIGNMENT]){0}, -out->len & (SAVED_ALIGNMENT - 1));
}

/* The same with longer records, and with a section "annex" of `annex` bytes behind the others.
 * (transfer full). */
static GByteArray *save_as_newer(GByteArray *saved, guint more, guint annex)
{
    Parts was = parts_of(saved), is = was;
    is.head.sections++;
    is.bytes = g_byte_array_new();
    g_byte_array_set_size(is.bytes, (guint)(sizeof is.head + is.head.sections * sizeof is.sections[0]));
    for (guint i = 0; i < was.head.sections; i++) {
        guint longer = strcmp(was.sections[i].tag, "strings") != 0 ? more : 0;
        is.sections[i].offset = is.bytes->len;
        is.sections[i].record_size += longer;
        append_longer(is.bytes, saved, &was.sections[i], longer);
    }
    is.sections[was.head.sections] = (LedgerSection){"annex", is.bytes->len, annex, 1, 0};
    guint end = is.bytes->len;
    g_byte_array_set_size(is.bytes, end + (annex + SAVED_ALIGNMENT - 1) / SAVED_ALIGNMENT * SAVED_ALIGNMENT);
    memset(is.bytes->data + end, 0, is.bytes->len - end);
    is.head.file_size = is.bytes->len;
    parts_write(&is);
    return is.bytes;
}

START_TEST(test_saved_ledger_is_read_as_it_was)
{
    g_auto(MadeLedger) made = {0};
    made_ledger_init_small(&made);
    g_autoptr(Ledger) ledger = made_ledger_read(&made);
    LedgerSample sample = {50, 100, 200};
    g_array_append_val(ledger->samples, sample);
    g_autoptr(GByteArray) saved = ledger_save(ledger);
    ck_assert_uint_lt(saved->len, 16384);
    ck_assert(ledger_recognise((const char *)saved->data, saved->len));
    g_autoptr(GError) error = NULL;
    g_autoptr(Ledger) again = ledger_load((const char *)saved->data, saved->len, "saved", &error);
    ck_assert_msg(again != NULL, "%s", error != NULL ? error->message : "");
    ck_assert_int_eq(again->kept_bytes, 150);
    ck_assert_int_eq(g_array_index(again->sites, LedgerSiteCounts, 1).peak_bytes, 900);
    ck_assert_int_eq(g_array_index(again->samples, LedgerSample, 0).rss_bytes, 200);
    g_autoptr(GByteArray) twice = ledger_save(again);
    ck_assert_uint_eq(twice->len, saved->len);
    ck_assert_mem_eq(twice->data, saved->data, saved->len);
}
END_TEST

START_TEST(test_saved_ledger_that_was_cut_or_changed_is_refused_or_whole)
{
    g_auto(MadeLedger) made = {0};
    made_ledger_init_small(&made);
    g_autoptr(Ledger) ledger = made_ledger_read(&made);
    g_autoptr(GByteArray) saved = ledger_save(ledger);
    for (guint length = 0; length < saved->len; length += 7) {
        g_autofree char *cut = g_memdup2(saved->data, MAX(length, 1)); /* its own end, for sanitizers */
        g_autoptr(GError) error = NULL;
        g_autoptr(Ledger) read = ledger_load(cut, length, "cut", &error);
        ck_assert_ptr_null(read);
        ck_assert_ptr_nonnull(error);
    }
    for (guint at = 0; at < saved->len; at++) {
        saved->data[at] ^= 0xa5;
        g_autoptr(GError) error = NULL;
        g_autoptr(Ledger) read = ledger_load((const char *)saved->data, saved->len, "changed", &error);
        ck_assert((read == NULL) == (error != NULL));
        ck_assert(at >= 48 || read == NULL); /* the head is under its checksum */
        saved->data[at] ^= 0xa5;
    }
}
END_TEST

START_TEST(test_a_newer_heapgates_ledger_is_read_as_far_as_it_is_known)
{
    g_autoptr(GByteArray) saved = save_small(), newer = save_as_newer(saved, MORE, 100);
    ck_assert_uint_gt(newer->len, saved->len + 200);
    g_autoptr(GError) error = NULL;
    g_autoptr(Ledger) ledger = ledger_load((const char *)newer->data, newer->len, "newer", &error);
    ck_assert_msg(ledger != NULL, "%s", error != NULL ? error->message : "");
    g_autoptr(GByteArray) again = ledger_save(ledger);
    ck_assert_uint_eq(again->len, saved->len);
    ck_assert_mem_eq(again->data, saved->data, saved->len);
}
END_TEST

START_TEST(test_a_newer_heapgates_ledger_is_packed_and_unpacked_whole)
{
    g_autoptr(GByteArray) saved = save_small(), newer = save_as_newer(saved, MORE, 100);
    g_autoptr(GByteArray) columns = ledger_to_columns(newer);
    g_autoptr(GByteArray) again = ledger_from_columns(columns->data, columns->len);
    ck_assert_ptr_nonnull(again);
    ck_assert_uint_eq(again->len, newer->len);
    ck_assert_mem_eq(again->data, newer->data, newer->len);
}
END_TEST

/* The columns of a file whose last section is "annex": two fields, of which it says so itself, and three
 * records {1, 10}, {3, 20}, {2, 30}. (transfer full). */
static GByteArray *columns_with_annex(const char *text)
{
    static const guint8 numbers[] = {2, 4, 1, 20, 40, 60};
    g_autoptr(GByteArray) saved = save_small(), newer = save_as_newer(saved, 0, 0);
    Parts parts = parts_of(newer);
    LedgerSection *annex = section_of(&parts, "annex");
    annex->count = 3;
    annex->record_size = 12;
    parts.head.file_size += 40; /* 36, aligned */
    g_autoptr(GByteArray) columns = ledger_to_columns(newer);
    parts.bytes = columns;
    parts_write(&parts);
    /* Texts lie behind the table; the annex's is the last of them, and empty. */
    const guint8 *at = columns->data + sizeof parts.head + parts.head.sections * sizeof parts.sections[0];
    for (guint i = 0; i + 1 < parts.head.sections; i++)
        at += strlen((const char *)at) + 1;
    gsize before = (gsize)(at - columns->data);
    GByteArray *out = g_byte_array_new();
    g_byte_array_append(out, columns->data, (guint)before);
    g_byte_array_append(out, (const guint8 *)text, (guint)strlen(text));
    g_byte_array_append(out, columns->data + before, (guint)(columns->len - before));
    g_byte_array_append(out, numbers, sizeof numbers);
    return out;
}

START_TEST(test_columns_of_a_section_that_is_not_known_are_those_that_the_file_says)
{
    static const guint32 firsts[] = {1, 3, 2};
    g_autoptr(GByteArray) columns = columns_with_annex("dP");
    g_autoptr(GByteArray) saved = ledger_from_columns(columns->data, columns->len);
    ck_assert_ptr_nonnull(saved);
    Parts parts = parts_of(saved);
    const guint8 *records = saved->data + section_of(&parts, "annex")->offset;
    for (guint i = 0; i < 3; i++) {
        guint32 first;
        guint64 second;
        memcpy(&first, records + i * 12, sizeof first);
        memcpy(&second, records + i * 12 + 4, sizeof second);
        ck_assert_uint_eq(first, firsts[i]);
        ck_assert_uint_eq(second, 10 * (i + 1));
    }
    g_autoptr(Ledger) ledger = ledger_load((const char *)saved->data, saved->len, "newer", NULL);
    ck_assert_ptr_nonnull(ledger);
}
END_TEST

START_TEST(test_columns_that_are_no_fields_are_refused)
{
    static const char *const texts[] = {
        "d", "dPp", "xP", "n", "dP\177", "dPdPdPdPdPdPdPdPdPdPdPdPdPdPdPdPdPdPdPdPdPdPdPdPdPdPdPdPdPdPdPdP"};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GByteArray) columns = columns_with_annex(texts[i]);
        ck_assert_msg(ledger_from_columns(columns->data, columns->len) == NULL, "%s", texts[i]);
    }
}
END_TEST

static void expect_refused(const GByteArray *saved, const char *words)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Ledger) ledger = ledger_load((const char *)saved->data, saved->len, "saved", &error);
    made_ledger_check_refused(ledger, error, words);
}

START_TEST(test_sections_that_cannot_be_are_refused_by_a_sentence)
{
    static const struct {
        const char *tag;
        LedgerSection other; /* what is not 0 of it takes the row's place */
        const char *words;
    } rows[] = {
        {"sites",
         {.record_size = 40},
         "saved: the ledger's section \"sites\" has records of 40 bytes, not of at least 48"},
        {"names", {.offset = 1}, "saved: the ledger's section \"names\" does not lie within its file"},
        {"names",
         {.offset = UINT64_MAX},
         "saved: the ledger's section \"names\" does not lie within its file"},
        {"marks",
         {.count = UINT64_MAX / 96 + 2},
         "saved: the ledger's section \"marks\" does not lie within its file"},
        {"header", {.count = 2}, "saved: the ledger's section \"header\" does not lie within its file"},
        {"nodes", {.count = 5}, "saved: the ledger's section \"nodes\" lies over its section \"sites\""},
        {"sites", {.tag = "nodes"}, "saved: the ledger's section \"nodes\" is there twice"},
        {"sites", {.tag = "other"}, "saved: the ledger has no section \"sites\""},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GByteArray) saved = save_small();
        Parts parts = parts_of(saved);
        made_section_alter(section_of(&parts, rows[i].tag), &rows[i].other);
        parts_write(&parts);
        expect_refused(saved, rows[i].words);
    }
}
END_TEST

START_TEST(test_a_saved_ledger_has_one_header_and_a_bounded_table)
{
    g_autoptr(GByteArray) saved = save_small();
    Parts parts = parts_of(saved);
    section_of(&parts, "header")->count = 0;
    parts_write(&parts);
    expect_refused(saved, "saved: the ledger's section \"header\" has 0 records, not 1");
    parts.head.sections = SAVED_MOST_SECTIONS + 1;
    memcpy(saved->data, &parts.head, sizeof parts.head);
    expect_refused(saved, "saved: the saved ledger is of another version of heapgate");
}
END_TEST

SUITE(ledger_saved, 30)
{
    tcase_add_test(tcase, test_saved_ledger_is_read_as_it_was);
    tcase_add_test(tcase, test_saved_ledger_that_was_cut_or_changed_is_refused_or_whole);
    tcase_add_test(tcase, test_a_newer_heapgates_ledger_is_read_as_far_as_it_is_known);
    tcase_add_test(tcase, test_a_newer_heapgates_ledger_is_packed_and_unpacked_whole);
    tcase_add_test(tcase, test_columns_of_a_section_that_is_not_known_are_those_that_the_file_says);
    tcase_add_test(tcase, test_columns_that_are_no_fields_are_refused);
    tcase_add_test(tcase, test_sections_that_cannot_be_are_refused_by_a_sentence);
    tcase_add_test(tcase, test_a_saved_ledger_has_one_header_and_a_bounded_table);
}
