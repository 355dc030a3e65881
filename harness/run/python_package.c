#include "python_package.h"

#include "instrument/installed.h"

GStrv python_package_environment(GError **error)
{
    g_autofree char *package = installed_find("the module for Python", "python/heapgate",
                                              "../share/heapgate/python/heapgate", error);
    if (package == NULL)
        return NULL;
    g_autofree char *folder = g_path_get_dirname(package);
    /* Modules that were compiled by an earlier run would cost this one less. */
    char *const variables[] = {g_strconcat("PYTHONPATH=", folder, NULL),
                               g_strdup("PYTHONDONTWRITEBYTECODE=1"), NULL};
    return g_memdup2(variables, sizeof variables);
}
