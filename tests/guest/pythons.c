#include "pythons.h"

#include <glib/gstdio.h>
#include <string.h>

#include "runner.h"

const char *const pythons_versions[PYTHONS_VERSIONS] = {"3.9",  "3.10", "3.11", "3.12",
                                                        "3.13", "3.14", "3.15"};

/* Where pyenv keeps its versions; (transfer full). */
static char *versions_folder(void)
{
    const char *root = g_getenv("PYENV_ROOT");
    return root != NULL ? g_build_filename(root, "versions", NULL)
                        : g_build_filename(g_get_home_dir(), ".pyenv", "versions", NULL);
}

/* ~/.pyenv/versions/3.12.1/bin/python3.12; 3.14.1t is one without the global lock. */
static char *find_in(const char *folder, const char *version)
{
    g_autoptr(GDir) versions = g_dir_open(folder, 0, NULL);
    g_autofree char *prefix = g_strconcat(version, ".", NULL),
                    *program = g_strconcat("python", version, NULL);
    const char *name;
    while (versions != NULL && (name = g_dir_read_name(versions)) != NULL) {
        g_autofree char *path = g_build_filename(folder, name, "bin", program, NULL);
        if (g_str_has_prefix(name, prefix) && !g_str_has_suffix(name, "t") &&
            g_file_test(path, G_FILE_TEST_IS_EXECUTABLE))
            return g_steal_pointer(&path);
    }
    return NULL;
}

char *pythons_version(const char *version, const char *test)
{
    g_autofree char *folder = versions_folder(), *system = g_strconcat("/usr/bin/python", version, NULL);
    char *path = find_in(folder, version);
    if (path == NULL && g_file_test(system, G_FILE_TEST_IS_EXECUTABLE))
        path = g_strdup(system);
    g_autofree char *reason =
        g_strdup_printf("there is no CPython %s below %s, nor %s", version, folder, system);
    if (path == NULL)
        runner_skip(test, reason);
    return path;
}

GPtrArray *pythons_find(const char *test)
{
    GPtrArray *found = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < PYTHONS_VERSIONS; i++) {
        char *path = pythons_version(pythons_versions[i], test);
        if (path != NULL)
            g_ptr_array_add(found, path);
    }
    if (g_file_test("/usr/bin/python3", G_FILE_TEST_IS_EXECUTABLE))
        g_ptr_array_add(found, g_strdup("/usr/bin/python3"));
    return found;
}

char *pythons_home(const char *python)
{
    g_autofree char *bin = g_path_get_dirname(python);
    return g_path_get_dirname(bin);
}

char *pythons_library(const char *python)
{
    g_autofree char *home = pythons_home(python), *name = g_path_get_basename(python);
    g_autofree char *file = g_strdup_printf("lib%s.so.1.0", name);
    g_autofree char *library = g_build_filename(home, "lib", file, NULL);
    return g_file_test(library, G_FILE_TEST_EXISTS) ? g_steal_pointer(&library) : NULL;
}

/* The text "xdebugpy" occurs elsewhere, too; behind the published one is a version of 3. */
static guint64 *published_in(char *bytes, gsize size)
{
    for (char *at = bytes; at + 1024 < bytes + size; at += sizeof(guint64))
        if (memcmp(at, "xdebugpy", 8) == 0 && ((guint64 *)(void *)at)[1] >> 24 == 3)
            return (guint64 *)(void *)at;
    return NULL;
}

char *pythons_misled(const char *path, guint word, const char *folder)
{
    g_autofree char *bytes = NULL, *name = g_path_get_basename(path);
    char *copy = g_build_filename(folder, name, NULL);
    gsize size = 0;
    ck_assert(g_file_get_contents(path, &bytes, &size, NULL));
    guint64 *published = published_in(bytes, size);
    ck_assert_msg(published != NULL, "%s publishes nothing", path);
    published[word] -= 8;
    ck_assert(g_file_set_contents(copy, bytes, (gssize)size, NULL) && g_chmod(copy, 0755) == 0);
    return copy;
}

const LedgerCode *received_codes(const Received *self)
{
    return (const void *)((const char *)self->header + LEDGER_CODES_AT);
}

const char *received_text(const Received *self, guint32 at)
{
    ck_assert_uint_lt(at, self->header->text);
    return (const char *)self->header + LEDGER_TEXT_AT + at;
}

static const LedgerCode *code_of(const Received *self, guint64 address)
{
    guint32 code = LEDGER_PYTHON_CODE(address);
    if (code == 0 || code >= self->header->codes) /* an assertion that holds costs a message, too */
        ck_abort_msg("code object %u of %u", code, self->header->codes);
    return &received_codes(self)[code];
}

/* The innermost node of Python from this one outwards; 0: there is none. */
static guint python_node(const Received *self, guint node)
{
    while (node != 0 && !ledger_frame_is(received_nodes(self)[node].address, LEDGER_FRAME_PYTHON))
        node = received_nodes(self)[node].parent;
    return node;
}

char *received_python_stack(const Received *self, guint site, guint32 *offset)
{
    GString *names = g_string_new(NULL);
    guint node = python_node(self, received_sites(self)[site].node);
    *offset = LEDGER_PYTHON_OFFSET(received_nodes(self)[node].address);
    for (guint i = 0; node != 0 && i < LEDGER_DEEPEST;
         i++, node = python_node(self, received_nodes(self)[node].parent)) {
        const LedgerCode *code = code_of(self, received_nodes(self)[node].address);
        g_string_append_printf(names, "%s%s", names->len > 0 ? "<" : "", received_text(self, code->name_at));
    }
    return g_string_free(names, FALSE);
}

const LedgerCode *received_python_code(const Received *self, guint site)
{
    guint node = python_node(self, received_sites(self)[site].node);
    return node != 0 ? code_of(self, received_nodes(self)[node].address) : NULL;
}
