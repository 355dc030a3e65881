#include "massif_file.h"

void massif_file_free(MassifFile *self)
{
    if (self == NULL)
        return;
    massif_summary_clear(&self->summary);
    g_clear_pointer(&self->mapped, g_mapped_file_unref);
    g_free(self->path);
    g_free(self);
}

MassifFile *massif_file_open(const char *path, MassifSnapshotFunc each, gpointer user_data,
                             Measurement *measurement)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MassifFile) self = g_new0(MassifFile, 1);
    self->path = g_strdup(path);
    self->mapped = g_mapped_file_new(path, FALSE, &error);
    if (self->mapped != NULL) {
        self->bytes = g_mapped_file_get_contents(self->mapped);
        self->length = g_mapped_file_get_length(self->mapped);
        g_autofree char *name = g_path_get_basename(path);
        if (massif_read(self->bytes != NULL ? self->bytes : "", self->length, name, each, user_data,
                        &self->summary, &error))
            return g_steal_pointer(&self);
    }
    measurement_set_problem(
        measurement, "what Valgrind wrote cannot be used: %s; was the run cut short, or is the disk full?",
        error->message);
    return NULL;
}

gboolean massif_file_add_tree(const MassifFile *self, const MassifSnapshot *snapshot, MassifAdd add,
                              CallSites *sites, Measurement *measurement)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *name = g_path_get_basename(self->path);
    if (snapshot->tree == MASSIF_TREE_EMPTY ||
        massif_read_call_sites(self->bytes, self->length, name, snapshot, add, sites, &error))
        return TRUE;
    measurement_set_problem(measurement, "what Valgrind wrote cannot be used: %s", error->message);
    return FALSE;
}

void massif_file_keep_rows(const MassifSnapshot *snapshot, gpointer user_data)
{
    MassifSnapshot *rows = user_data;
    if (snapshot->index < XTREE_ROWS)
        rows[snapshot->index] = *snapshot;
}
