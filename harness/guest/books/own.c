#include "own.h"

#include <string.h>

/* Called by the module when it is imported. folder: (transfer none), of its files, without a slash at its
 * end. */
GUEST_EXPORT void heapgate_tracer_own(const char *folder);

/* Where the module calls what is the program's: what is allocated from there on is not its own. tests/python
 * compares them with the module. */
static const char *const doors[] = {
    "run_one",      "_complete",    "_settle", "__exit__", "_cancel_all", "collect",
    "_load_module", "_load_script", "_find",   "run",      "run_async",   "_judge",
};

static char own_folder[4096];
static uint8_t *own_nodes; /* by node; NULL: there are none */

static void own_make(void)
{
    own_nodes = guest_map(LEDGER_NODES);
}

void own_open(void)
{
    if (own_nodes != NULL)
        guest_unmap(own_nodes, LEDGER_NODES);
    own_nodes = NULL;
    if (own_folder[0] != '\0')
        own_make();
}

void heapgate_tracer_own(const char *folder)
{
    if (folder == NULL || strlen(folder) >= sizeof own_folder - 1 || own_folder[0] != '\0')
        return;
    strcpy(own_folder, folder);
    strcat(own_folder, "/");
    if (guest_ledger() != NULL)
        own_make();
}

/* The last part of a qualified name, as it stands in 3.9 and 3.10 alone. */
static bool is_door(const char *name)
{
    const char *dot = strrchr(name, '.');
    for (unsigned i = 0; i < sizeof doors / sizeof doors[0]; i++)
        if (strcmp(dot != NULL ? dot + 1 : name, doors[i]) == 0)
            return true;
    return false;
}

void own_see(LedgerHeader *header, uint32_t id, const LedgerNode *node)
{
    if (LIKELY(own_nodes == NULL))
        return;
    own_nodes[id] = own_nodes[node->parent];
    if (!ledger_frame_is(node->address, LEDGER_FRAME_PYTHON))
        return;
    const LedgerCode *codes = guest_section(header, LEDGER_CODES_AT);
    const LedgerCode *code = &codes[LEDGER_PYTHON_CODE(node->address)];
    const char *text = guest_section(header, LEDGER_TEXT_AT);
    if (strncmp(text + code->file_at, own_folder, strlen(own_folder)) == 0)
        own_nodes[id] = !is_door(text + code->name_at);
}

bool own_is(uint32_t node)
{
    return UNLIKELY(own_nodes != NULL) && own_nodes[node] != 0;
}
