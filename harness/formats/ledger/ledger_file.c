#include "ledger_file.h"

#include "ledger_pack.h"

char *ledger_file_name(const Ledger *self, guint number)
{
    g_autofree char *program = ledger_program(self);
    g_strcanon(program, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-+", '_');
    return number > 1 ? g_strdup_printf("%s.%u.%u.ledger", program, self->header.pid, number)
                      : g_strdup_printf("%s.%u.ledger", program, self->header.pid);
}

gboolean ledger_write(const Ledger *self, const char *path, GError **error)
{
    g_autoptr(GByteArray) plain = ledger_save(self), bytes = ledger_pack(plain);
    return g_file_set_contents(path, (const char *)bytes->data, bytes->len, error);
}
