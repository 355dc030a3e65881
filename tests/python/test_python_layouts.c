/* The layouts of ledger.h as the Python module reads them: every constant, every structure's size and every
 * field's place, printed by both and compared as text. */
#include "guest/ledger.h"

#include <stddef.h>

#include "python_module.h"
#include "runner.h"

static void put(GString *text, const char *name, guint64 value)
{
    g_string_append_printf(text, "%s %" G_GUINT64_FORMAT "\n", name, value);
}

#define CONSTANT(name)  put(text, #name, (guint64)(name))
#define STRUCTURE(type) put(text, #type, sizeof(type))
#define FIELD(type, field)                                                                                   \
    g_string_append_printf(text, "%s.%s %zu %zu\n", #type, #field, offsetof(type, field),                    \
                           sizeof(((type *)NULL)->field))

static void put_constants(GString *text)
{
    CONSTANT(LEDGER_MAGIC);
    CONSTANT(LEDGER_VERSION);
    CONSTANT(LEDGER_NODES);
    CONSTANT(LEDGER_SITES);
    CONSTANT(LEDGER_MODULES);
    CONSTANT(LEDGER_MARKS);
    CONSTANT(LEDGER_END_RECORDS);
    CONSTANT(LEDGER_CHANGES);
    CONSTANT(LEDGER_CODES);
    CONSTANT(LEDGER_TEXT);
    CONSTANT(LEDGER_DEEPEST);
    CONSTANT(LEDGER_FRAME_SHIFT);
    CONSTANT(LEDGER_FRAME_MASK);
    CONSTANT(LEDGER_FRAME_PYTHON);
    CONSTANT(LEDGER_PYTHON_NOT);
    CONSTANT(LEDGER_PYTHON_ON);
    CONSTANT(LEDGER_PYTHON_UNKNOWN);
    CONSTANT(LEDGER_PYTHON_THREADED);
    CONSTANT(LEDGER_PYTHON_MISMATCH);
    CONSTANT(LEDGER_PYTHON_HIDDEN);
    CONSTANT(LEDGER_NODES_AT);
    CONSTANT(LEDGER_SITES_AT);
    CONSTANT(LEDGER_MODULES_AT);
    CONSTANT(LEDGER_MARKS_AT);
    CONSTANT(LEDGER_END_AT);
    CONSTANT(LEDGER_CHANGES_AT);
    CONSTANT(LEDGER_CODES_AT);
    CONSTANT(LEDGER_TEXT_AT);
}

static void put_node(GString *text)
{
    STRUCTURE(LedgerNode);
    FIELD(LedgerNode, address);
    FIELD(LedgerNode, parent);
    FIELD(LedgerNode, flags);
}

static void put_code(GString *text)
{
    STRUCTURE(LedgerCode);
    FIELD(LedgerCode, address);
    FIELD(LedgerCode, name_at);
    FIELD(LedgerCode, file_at);
    FIELD(LedgerCode, line_table_at);
    FIELD(LedgerCode, line_table_size);
    FIELD(LedgerCode, first_line);
    FIELD(LedgerCode, padding);
}

static void put_site(GString *text)
{
    STRUCTURE(LedgerSite);
    FIELD(LedgerSite, node);
    FIELD(LedgerSite, peak_blocks);
    FIELD(LedgerSite, temporary_blocks);
    FIELD(LedgerSite, live_bytes);
    FIELD(LedgerSite, live_blocks);
    FIELD(LedgerSite, total_bytes);
    FIELD(LedgerSite, total_blocks);
    FIELD(LedgerSite, peak_number);
    FIELD(LedgerSite, peak_bytes);
    FIELD(LedgerSite, window_number);
    FIELD(LedgerSite, window_bytes);
    FIELD(LedgerSite, marked_bytes);
    FIELD(LedgerSite, kind);
    FIELD(LedgerSite, mapped_site);
    FIELD(LedgerSite, oldest_freed);
    FIELD(LedgerSite, marked_oldest);
    FIELD(LedgerSite, marked_blocks);
    FIELD(LedgerSite, padding);
}

static void put_module(GString *text)
{
    STRUCTURE(LedgerModule);
    FIELD(LedgerModule, start);
    FIELD(LedgerModule, end);
    FIELD(LedgerModule, bias);
    FIELD(LedgerModule, loaded_at);
    FIELD(LedgerModule, unloaded_at);
    FIELD(LedgerModule, build_id_size);
    FIELD(LedgerModule, build_id);
    FIELD(LedgerModule, path);
}

static void put_mark(GString *text)
{
    STRUCTURE(LedgerMark);
    FIELD(LedgerMark, time_ns);
    FIELD(LedgerMark, live_bytes);
    FIELD(LedgerMark, iteration);
    FIELD(LedgerMark, name);
    FIELD(LedgerMark, padding);
}

static void put_end_record(GString *text)
{
    STRUCTURE(LedgerEndRecord);
    FIELD(LedgerEndRecord, site);
    FIELD(LedgerEndRecord, birth);
    FIELD(LedgerEndRecord, bytes);
    FIELD(LedgerEndRecord, blocks);
}

static void put_change(GString *text)
{
    STRUCTURE(LedgerChange);
    FIELD(LedgerChange, mark);
    FIELD(LedgerChange, site);
    FIELD(LedgerChange, live_bytes);
    FIELD(LedgerChange, live_blocks);
    FIELD(LedgerChange, oldest_freed);
}

static void put_header(GString *text)
{
    STRUCTURE(LedgerHeader);
    FIELD(LedgerHeader, magic);
    FIELD(LedgerHeader, version);
    FIELD(LedgerHeader, header_size);
    FIELD(LedgerHeader, file_size);
    FIELD(LedgerHeader, pid);
    FIELD(LedgerHeader, parent_pid);
    FIELD(LedgerHeader, forked);
    FIELD(LedgerHeader, off_reason);
    FIELD(LedgerHeader, started_ns);
    FIELD(LedgerHeader, ended_ns);
    FIELD(LedgerHeader, cut_stack_unwinder);
    FIELD(LedgerHeader, page_size);
    FIELD(LedgerHeader, executable);
    FIELD(LedgerHeader, command);
    FIELD(LedgerHeader, command_size);
    FIELD(LedgerHeader, nodes);
    FIELD(LedgerHeader, sites);
    FIELD(LedgerHeader, modules);
    FIELD(LedgerHeader, chunks);
    FIELD(LedgerHeader, marks);
    FIELD(LedgerHeader, end_mark);
    FIELD(LedgerHeader, end_records);
    FIELD(LedgerHeader, changes);
    FIELD(LedgerHeader, codes);
    FIELD(LedgerHeader, text);
    FIELD(LedgerHeader, live_bytes);
    FIELD(LedgerHeader, peak_bytes);
    FIELD(LedgerHeader, mapped_bytes);
    FIELD(LedgerHeader, peak_mapped_bytes);
    FIELD(LedgerHeader, end_live_bytes);
    FIELD(LedgerHeader, end_live_blocks);
    FIELD(LedgerHeader, unknown_frees);
    FIELD(LedgerHeader, unseen_frees);
    FIELD(LedgerHeader, truncated_stacks);
    FIELD(LedgerHeader, deep_stacks);
    FIELD(LedgerHeader, full_nodes);
    FIELD(LedgerHeader, full_sites);
    FIELD(LedgerHeader, full_chunks);
    FIELD(LedgerHeader, full_marks);
    FIELD(LedgerHeader, full_end_records);
    FIELD(LedgerHeader, full_modules);
    FIELD(LedgerHeader, full_changes);
    FIELD(LedgerHeader, outside);
    FIELD(LedgerHeader, full_codes);
    FIELD(LedgerHeader, full_text);
    FIELD(LedgerHeader, python_state);
    FIELD(LedgerHeader, python_version);
    FIELD(LedgerHeader, python_unread);
    FIELD(LedgerHeader, sample_bytes);
    FIELD(LedgerHeader, window);
    FIELD(LedgerHeader, windows);
    FIELD(LedgerHeader, window_live_bytes);
    FIELD(LedgerHeader, window_peak_bytes);
    FIELD(LedgerHeader, own_bytes);
    FIELD(LedgerHeader, file_bytes);
    FIELD(LedgerHeader, peak_file_bytes);
    FIELD(LedgerHeader, end_mapped_bytes);
    FIELD(LedgerHeader, end_mappings);
    FIELD(LedgerHeader, page_tables);
    FIELD(LedgerHeader, full_pages);
    FIELD(LedgerHeader, pool_crowded);
    FIELD(LedgerHeader, program);
    FIELD(LedgerHeader, audit_kind);
    FIELD(LedgerHeader, named_marks);
    FIELD(LedgerHeader, iterations);
}

START_TEST(test_the_python_module_reads_the_layouts_of_ledger_h)
{
    g_autoptr(GString) text = g_string_new(NULL);
    put_constants(text);
    put_node(text);
    put_code(text);
    put_site(text);
    put_module(text);
    put_mark(text);
    put_end_record(text);
    put_change(text);
    put_header(text);
    g_autofree char *printed = python_output("/usr/bin/python3", "ledger_layout.py");
    g_auto(GStrv) ours = g_strsplit(text->str, "\n", -1), theirs = g_strsplit(printed, "\n", -1);
    for (guint i = 0; ours[i] != NULL || theirs[i] != NULL; i++)
        ck_assert_str_eq(theirs[i], ours[i]);
}
END_TEST

SUITE(python_layouts, 30)
{
    tcase_add_test(tcase, test_the_python_module_reads_the_layouts_of_ledger_h);
}
