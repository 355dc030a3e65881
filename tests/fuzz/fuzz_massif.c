/* The massif reader on any bytes: no crash, no overflow, and no promise broken between its functions. */
#include <stdint.h>
#include <stdlib.h>

#include "error.h"
#include "formats/valgrind/massif.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(gboolean holds)
{
    if (!holds)
        abort();
}

static gboolean touch_node(const MassifNode *node, gpointer user_data)
{
    gint64 *sum = user_data;
    check(node->bytes >= 0 && node->label_length > 0);
    *sum ^= node->bytes ^ node->label[node->label_length - 1] ^ (node->frame.function != NULL);
    return TRUE;
}

/* A tree that massif_read accepted is one the other two can read. */
static void read_snapshot(const char *bytes, gsize length, const MassifSnapshot *snapshot)
{
    if (snapshot->tree == MASSIF_TREE_EMPTY)
        return;
    gint64 sum = 0;
    check(massif_read_tree(bytes, length, "fuzz", snapshot, touch_node, &sum, NULL));
    g_autoptr(CallSites) sites = call_sites_new();
    check(massif_read_call_sites(bytes, length, "fuzz", snapshot, MASSIF_ADD_BYTES, sites, NULL));
    check(massif_read_call_sites(bytes, length, "fuzz", snapshot, MASSIF_ADD_BLOCKS, sites, NULL));
    check(call_sites_total_bytes(sites) >= 0);
}

static void count_snapshot(const MassifSnapshot *snapshot, gpointer user_data)
{
    check(snapshot->heap_bytes >= 0 && snapshot->extra_bytes >= 0 && snapshot->stacks_bytes >= 0);
    (*(guint64 *)user_data)++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data;
    MassifSummary summary;
    guint64 seen = 0;
    g_autoptr(GError) error = NULL;
    massif_recognise(bytes, size);
    gboolean read = massif_read(bytes, size, "fuzz", count_snapshot, &seen, &summary, &error);
    check(read == (error == NULL) && seen == summary.snapshots);
    check(!read || (summary.snapshots > 0 && summary.time_unit != NULL));
    if (summary.snapshots > 0) {
        check(summary.max_heap.heap_bytes >= summary.last.heap_bytes);
        read_snapshot(bytes, size, &summary.max_heap);
        read_snapshot(bytes, size, &summary.last);
        read_snapshot(bytes, size, &summary.peak_marker);
    }
    /* Any offset may be asked for. */
    MassifSnapshot wild = {.tree = MASSIF_TREE_PEAK, .tree_offset = size / 2, .tree_line = 1};
    gint64 sum = 0;
    massif_read_tree(bytes, size, "fuzz", &wild, touch_node, &sum, NULL);
    massif_summary_clear(&summary);
    return 0;
}
