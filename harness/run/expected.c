#include "expected.h"

#include <string.h>

#include "instrument/heap.h"

struct Expected {
    GHashTable *programs; /* process id: UnseenProgram */
    GHashTable *greeted;  /* process ids whose hello came before what announces it */
    GPtrArray *missing;
};

static void unseen_program_free(gpointer data)
{
    UnseenProgram *program = data;
    g_free(program->path);
    g_free(program->reason);
    g_free(program);
}

Expected *expected_new(void)
{
    Expected *self = g_new0(Expected, 1);
    self->programs = g_hash_table_new_full(NULL, NULL, NULL, unseen_program_free);
    self->greeted = g_hash_table_new(NULL, NULL);
    self->missing = g_ptr_array_new_with_free_func(unseen_program_free);
    return self;
}

void expected_free(Expected *self)
{
    if (self == NULL)
        return;
    g_hash_table_unref(self->programs);
    g_hash_table_unref(self->greeted);
    g_ptr_array_unref(self->missing);
    g_free(self);
}

/* The file is looked at now: later it may be another. */
static void expect(Expected *self, guint pid, int fd)
{
    g_autofree char *file = g_strdup_printf("/proc/self/fd/%d", fd);
    UnseenProgram *program = g_new0(UnseenProgram, 1);
    program->path = g_file_read_link(file, NULL);
    if (program->path == NULL)
        program->path = g_strdup("a program");
    program->reason = heap_blind_reason(file, &program->certain);
    g_hash_table_insert(self->programs, GUINT_TO_POINTER(pid), program);
}

void expected_exec(Expected *self, guint pid, int program)
{
    g_hash_table_remove(self->greeted, GUINT_TO_POINTER(pid));
    expect(self, pid, program);
}

void expected_spawn(Expected *self, guint pid, int program)
{
    if (!g_hash_table_remove(self->greeted, GUINT_TO_POINTER(pid)))
        expect(self, pid, program);
}

void expected_stays(Expected *self, guint pid)
{
    g_hash_table_remove(self->programs, GUINT_TO_POINTER(pid));
}

void expected_greeted(Expected *self, guint pid)
{
    if (!g_hash_table_remove(self->programs, GUINT_TO_POINTER(pid)))
        g_hash_table_add(self->greeted, GUINT_TO_POINTER(pid));
}

static int by_path(gconstpointer a, gconstpointer b)
{
    const UnseenProgram *one = *(const UnseenProgram *const *)a, *two = *(const UnseenProgram *const *)b;
    return strcmp(one->path, two->path);
}

static gboolean same_path(gconstpointer a, gconstpointer b)
{
    return strcmp(((const UnseenProgram *)a)->path, ((const UnseenProgram *)b)->path) == 0;
}

const GPtrArray *expected_missing(Expected *self)
{
    GHashTableIter iterator;
    gpointer program;
    g_hash_table_iter_init(&iterator, self->programs);
    while (g_hash_table_iter_next(&iterator, NULL, &program)) {
        g_hash_table_iter_steal(&iterator);
        if (g_ptr_array_find_with_equal_func(self->missing, program, same_path, NULL))
            unseen_program_free(program);
        else
            g_ptr_array_add(self->missing, program);
    }
    g_ptr_array_sort(self->missing, by_path);
    return self->missing;
}
