#include "owners.h"

#include "model/sum.h"

/* The frame that owns a call site, or NULL. Python code comes first: where the interpreter's module is not
 * known, its C sources look like the program's own. */
static const Frame *owner_frame(const SiteDelta *delta)
{
    const Frame *native = NULL;
    for (guint i = 0; i < delta->n_frames; i++) {
        if (delta->frames[i].kind == FRAME_OWN_PYTHON)
            return &delta->frames[i];
        if (native == NULL && delta->frames[i].kind == FRAME_OWN)
            native = &delta->frames[i];
    }
    return native;
}

static void owner_add(GHashTable *owners, const SiteDelta *delta)
{
    const Frame *frame = owner_frame(delta);
    if (frame == NULL)
        return;
    g_autofree char *identity = frame_key(frame), *line = g_strdup_printf("%s:%u", identity, frame->line);
    SiteDelta *owner = g_hash_table_lookup(owners, line);
    if (owner == NULL) {
        owner = site_delta_new(identity, frame, 1, 0, 0, 0);
        g_hash_table_insert(owners, g_steal_pointer(&line), owner);
    }
    owner->now_bytes = sum_add(owner->now_bytes, delta->delta_bytes);
    owner->delta_bytes = owner->now_bytes;
    owner->delta_blocks++;
}

GPtrArray *owners_of(const GPtrArray *deltas)
{
    g_autoptr(GHashTable) all = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    GPtrArray *owners = g_ptr_array_new_with_free_func((GDestroyNotify)site_delta_free);
    for (guint i = 0; i < deltas->len; i++) {
        const SiteDelta *delta = g_ptr_array_index(deltas, i);
        if (delta->delta_bytes > 0)
            owner_add(all, delta);
    }
    GHashTableIter each;
    gpointer owner;
    g_hash_table_iter_init(&each, all);
    while (g_hash_table_iter_next(&each, NULL, &owner)) {
        if (((const SiteDelta *)owner)->delta_blocks >= OWNER_FEWEST_SITES)
            g_ptr_array_add(owners, owner);
        else
            site_delta_free(owner);
    }
    g_ptr_array_sort(owners, site_delta_compare);
    if (owners->len > OWNERS_MOST)
        g_ptr_array_set_size(owners, OWNERS_MOST);
    return owners;
}
