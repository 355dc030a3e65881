#include "input.h"

#include "error.h"
#include "formats/ledger/ledger_pack.h"
#include "formats/packed.h"
#include "model/units.h"

GOptionEntry input_size_entry(char **size)
{
    return (GOptionEntry){
        "max-size", 0, 0, G_OPTION_ARG_STRING, size, "Of a packed file: unpack at most this much (256 MiB)",
        "SIZE"};
}

static gboolean parse_size(const char *text, gsize *most_bytes, GError **error)
{
    gint64 bytes = PACKED_DEFAULT_BYTES;
    if (text == NULL || (units_parse_bytes(text, &bytes, NULL) && bytes >= 1 && bytes <= PACKED_MOST_BYTES)) {
        *most_bytes = (gsize)bytes;
        return TRUE;
    }
    g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_USAGE,
                "expected a size below 2 GiB, such as --max-size=1GiB, found \"%s\"; what is larger is to be "
                "unpacked by hand",
                text);
    return FALSE;
}

static gboolean read_file(Input *self, GError **error)
{
    self->map = g_mapped_file_new(self->name, FALSE, NULL);
    /* A pipe maps to nothing: what it holds must be read. */
    if (self->map != NULL && g_mapped_file_get_length(self->map) > 0) {
        self->bytes = g_mapped_file_get_contents(self->map);
        self->length = g_mapped_file_get_length(self->map);
        return TRUE;
    }
    g_autoptr(GError) problem = NULL;
    if (!g_file_get_contents(self->name, &self->copy, &self->length, &problem)) {
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_USAGE, "%s cannot be read: %s", self->name,
                    problem->message);
        return FALSE;
    }
    self->bytes = self->copy;
    return TRUE;
}

/* Puts what was unpacked, (transfer full), in the place of what it was unpacked from. NULL: it failed. */
static gboolean take_unpacked(Input *self, GByteArray *unpacked)
{
    if (unpacked == NULL)
        return FALSE;
    input_clear(self);
    self->unpacked = unpacked;
    self->bytes = unpacked->len > 0 ? (const char *)unpacked->data : "";
    self->length = unpacked->len;
    return TRUE;
}

gboolean input_open(Input *self, const char *path, const char *size, GError **error)
{
    *self = (Input){.name = path, .bytes = ""};
    gsize most_bytes;
    if (!parse_size(size, &most_bytes, error) || !read_file(self, error))
        return FALSE;
    if (packed_by(self->bytes, self->length) != NULL &&
        !take_unpacked(self, packed_unpack(self->bytes, self->length, most_bytes, path, error)))
        return FALSE;
    return !ledger_is_packed(self->bytes, self->length) ||
           take_unpacked(self, ledger_unpack(self->bytes, self->length, most_bytes, path, error));
}

void input_clear(Input *self)
{
    g_clear_pointer(&self->map, g_mapped_file_unref);
    g_clear_pointer(&self->copy, g_free);
    g_clear_pointer(&self->unpacked, g_byte_array_unref);
}
