/* The directory of a ledger: of a tracer that has more than is known here, and of one that lies. */
#include <string.h>
#include <unistd.h>

#include "formats/ledger/ledger.h"
#include "made_ledger.h"
#include "runner.h"

enum { MORE = 40 }; /* bytes of each record, unknown here */

static LedgerSection *section_of(MadeLedger *made, const char *tag)
{
    return made_section_find(made->header.directory, made->header.sections, tag);
}

/* Room for so many bytes at the end of the file; their offset. */
static guint64 file_grow(MadeLedger *made, guint64 bytes)
{
    guint64 at = made->header.file_size;
    made->header.file_size += bytes;
    ck_assert_int_eq(ftruncate(made->fd, (off_t)made->header.file_size), 0);
    return at;
}

/* Moves the first `count` records of a section to the end of the file, each MORE bytes longer. */
static void records_lengthen(MadeLedger *made, const char *tag, guint count)
{
    LedgerSection *section = section_of(made, tag), was = *section;
    section->record_size += MORE;
    section->count = count;
    section->offset = file_grow(made, (guint64)count * section->record_size);
    g_autofree char *record = g_malloc(section->record_size);
    for (guint i = 0; i < count; i++) {
        memset(record, 0xa5, section->record_size);
        off_t from = (off_t)(was.offset + i * (guint64)was.record_size);
        off_t to = (off_t)(section->offset + i * (guint64)section->record_size);
        ck_assert_int_eq(pread(made->fd, record, was.record_size, from), was.record_size);
        ck_assert_int_eq(pwrite(made->fd, record, section->record_size, to), section->record_size);
    }
}

/* A stack, two call sites, a mark, a change, a record of the end, a module and a code object. */
static void make_small(MadeLedger *made)
{
    const guint8 table[] = {0x80, 0x00};
    made_ledger_init(made);
    guint32 outer = made_ledger_node(made, 0, 0x1010), inner = made_ledger_node(made, outer, 0x1020);
    guint32 site = made_ledger_site(made, inner, 100, 7, 900);
    made_ledger_site(made, outer, 50, 6, 800);
    made_ledger_module(made, "/usr/lib/made.so", 0x1000, 0x2000);
    guint32 code = made_ledger_code(made, "work", "jobs.py", 7, table, sizeof table);
    made_ledger_site(made, made_ledger_node(made, 0, LEDGER_PYTHON_FRAME(code, 0)), 1, 0, 0);
    made->header.python_state = LEDGER_PYTHON_ON;
    made->header.python_version = 0x030b0000;
    made->header.end_mark = made_ledger_mark(made, "end");
    made_ledger_change(made, site, 100);
    made_ledger_end(made, site, 0, 100, 1);
    made->header.peak_number = 7;
}

/* As it is saved: all that was read of it. (transfer full). */
static GByteArray *read_whole(MadeLedger *made)
{
    g_autoptr(Ledger) ledger = made_ledger_read(made);
    ledger->header.file_size = 0; /* says nothing about the books */
    ledger->header.header_size = 0;
    return ledger_save(ledger);
}

static void check_same(GByteArray *one, GByteArray *two)
{
    ck_assert_uint_eq(one->len, two->len);
    ck_assert_mem_eq(one->data, two->data, one->len);
}

START_TEST(test_sections_that_are_not_known_are_left_alone)
{
    g_auto(MadeLedger) made = {0};
    make_small(&made);
    g_autoptr(GByteArray) plain = read_whole(&made);
    LedgerSection *annex = &made.header.directory[made.header.sections++];
    *annex = (LedgerSection){"annexes", file_grow(&made, 3000), 3, 1000, 0};
    g_autoptr(GByteArray) more = read_whole(&made);
    check_same(plain, more);
}
END_TEST

START_TEST(test_longer_records_are_read_as_far_as_they_are_known)
{
    g_auto(MadeLedger) made = {0};
    make_small(&made);
    g_autoptr(GByteArray) plain = read_whole(&made);
    const struct {
        const char *tag;
        guint count;
    } rows[] = {
        {"nodes", made.header.nodes}, {"sites", made.header.sites},     {"modules", made.header.modules},
        {"marks", made.header.marks}, {"changes", made.header.changes}, {"ends", made.header.end_records},
        {"codes", made.header.codes},
    };
    made.header.header_size += MORE;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        records_lengthen(&made, rows[i].tag, rows[i].count);
    g_autoptr(GByteArray) longer = read_whole(&made);
    check_same(plain, longer);
}
END_TEST

static void expect_refused(MadeLedger *made, const char *words)
{
    g_autoptr(GError) error = NULL;
    made_ledger_finish(made);
    g_autoptr(Ledger) ledger = ledger_read((LedgerFile){made->fd, 0}, "made", &error);
    made_ledger_check_refused(ledger, error, words);
}

START_TEST(test_sections_that_cannot_be_are_refused_by_a_sentence)
{
    static const struct {
        const char *tag;
        LedgerSection other; /* what is not 0 of it takes the row's place */
        const char *words;
    } rows[] = {
        {"sites", {.record_size = 120}, "section \"sites\" has records of 120 bytes, not of at least 128"},
        {"marks", {.record_size = 1}, "section \"marks\" has records of 1 bytes, not of at least 96"},
        {"tables", {.record_size = 16, .count = 1}, "section \"tables\" has records of 16 bytes, not 8"},
        {"ends",
         {.record_size = 1 << 17, .count = 1},
         "section \"ends\" has records of 131072 bytes, not of at least 24"},
        {"text", {.offset = UINT64_MAX}, "section \"text\" does not lie within its file"},
        {"text", {.offset = 8}, "section \"text\" does not lie within its file"},
        {"text", {.count = UINT64_MAX}, "section \"text\" does not lie within its file"},
        {"sites", {.count = UINT64_MAX / 128 + 2}, "section \"sites\" does not lie within its file"},
        {"sites", {.offset = LEDGER_SITES_AT - 1}, "section \"nodes\" lies over its section \"sites\""},
        {"nodes", {.count = 1 << 28}, "section \"nodes\" lies over its section \"sites\""},
        {"changes", {.tag = "sites"}, "section \"sites\" is there twice"},
        {"changes", {.tag = "\"\033[2J"}, "no section \"changes\""},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(MadeLedger) made = {0};
        make_small(&made);
        made_section_alter(section_of(&made, rows[i].tag), &rows[i].other);
        g_autofree char *words = g_str_has_prefix(rows[i].words, "no ")
                                     ? g_strconcat("made: the ledger has ", rows[i].words, NULL)
                                     : g_strconcat("made: the ledger's ", rows[i].words, NULL);
        expect_refused(&made, words);
    }
}
END_TEST

START_TEST(test_a_tag_that_is_shown_does_no_harm)
{
    g_auto(MadeLedger) made = {0};
    make_small(&made);
    made.header.directory[made.header.sections++] = (LedgerSection){"a\033\"\n\xff", 0, 1, 1, 0};
    expect_refused(&made, "made: the ledger's section \"a????\" does not lie within its file");
}
END_TEST

START_TEST(test_a_directory_with_more_rows_than_it_has_room_for_is_refused)
{
    g_auto(MadeLedger) made = {0};
    make_small(&made);
    made.header.sections = LEDGER_SECTIONS + 1;
    expect_refused(&made, "made: the ledger has 33 sections, and its directory has room for 32");
    made.header.sections = 0;
    expect_refused(&made, "made: the ledger has no section \"nodes\"");
}
END_TEST

SUITE(ledger_sections, 30)
{
    tcase_add_test(tcase, test_sections_that_are_not_known_are_left_alone);
    tcase_add_test(tcase, test_longer_records_are_read_as_far_as_they_are_known);
    tcase_add_test(tcase, test_sections_that_cannot_be_are_refused_by_a_sentence);
    tcase_add_test(tcase, test_a_tag_that_is_shown_does_no_harm);
    tcase_add_test(tcase, test_a_directory_with_more_rows_than_it_has_room_for_is_refused);
}
