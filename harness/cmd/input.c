#include "input.h"

#include "error.h"

gboolean input_open(Input *self, const char *path, GError **error)
{
    *self = (Input){.name = path, .bytes = ""};
    g_autoptr(GError) problem = NULL;
    self->map = g_mapped_file_new(path, FALSE, &problem);
    /* A pipe maps to nothing: what it holds must be read. */
    if (self->map != NULL && g_mapped_file_get_length(self->map) > 0) {
        self->bytes = g_mapped_file_get_contents(self->map);
        self->length = g_mapped_file_get_length(self->map);
        return TRUE;
    }
    g_clear_error(&problem);
    if (!g_file_get_contents(path, &self->copy, &self->length, &problem)) {
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_USAGE, "%s cannot be read: %s", path,
                    problem->message);
        return FALSE;
    }
    self->bytes = self->copy;
    return TRUE;
}

void input_clear(Input *self)
{
    g_clear_pointer(&self->map, g_mapped_file_unref);
    g_clear_pointer(&self->copy, g_free);
}
