#include "environment.h"

Environment *environment_copy(const Environment *self)
{
    Environment *copy = g_new0(Environment, 1);
    copy->platform = g_strdup(self->platform);
    copy->architecture = g_strdup(self->architecture);
    copy->libc = g_strdup(self->libc);
    copy->python = g_strdup(self->python);
    copy->processors = self->processors;
    return copy;
}

void environment_free(Environment *self)
{
    if (self == NULL)
        return;
    g_free(self->platform);
    g_free(self->architecture);
    g_free(self->libc);
    g_free(self->python);
    g_free(self);
}

void environment_learn_python(Environment *self, const char *python)
{
    if (self->python == NULL)
        self->python = g_strdup(python);
}

static void difference_append(GString *text, const char *what, const char *base, const char *now)
{
    if (g_strcmp0(base, now) == 0)
        return;
    g_string_append_printf(text, "%s%s: %s there, %s here", text->len > 0 ? "; " : "", what,
                           base ? base : "none", now ? now : "none");
}

char *environment_difference(const Environment *base, const Environment *now)
{
    g_autoptr(GString) text = g_string_new(NULL);
    difference_append(text, "platform", base->platform, now->platform);
    difference_append(text, "architecture", base->architecture, now->architecture);
    difference_append(text, "libc", base->libc, now->libc);
    difference_append(text, "Python", base->python, now->python);
    return text->len > 0 ? g_string_free(g_steal_pointer(&text), FALSE) : NULL;
}
