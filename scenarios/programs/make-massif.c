/* Writes a massif file: make-massif FILE SNAPSHOTS. Every tenth snapshot is detailed, with a tree of some
 * hundred call sites such as a program in C++ makes; about 10 KB a snapshot, the same bytes on every machine.
 */
#include <stdio.h>
#include <stdlib.h>

enum { DETAILED_EVERY = 10, PEAK_PER_CENT = 80, BRANCHES = 6, DEPTH = 4, LEAF_BYTES = 64 };

static const char *const names[] = {
    "g_malloc",
    "std::vector<std::string>::reserve(unsigned long)",
    "sqlite3_prepare_v2",
    "app::{lambda(int)#1}::operator()(int) const",
    "xmlNewNode",
    "operator new(unsigned long)",
    "QObject::QObject(QObject*)",
};
enum { NAMES = sizeof names / sizeof names[0] };

static int is_detailed(long snapshot)
{
    return snapshot % DETAILED_EVERY == 0;
}

static long subtree_bytes(long scale, int depth)
{
    long bytes = scale * LEAF_BYTES;
    for (int i = depth; i < DEPTH; i++)
        bytes *= BRANCHES - i;
    return bytes;
}

/* Children are numbered so that the same place in the tree has the same address in every snapshot. */
static void write_node(FILE *out, long scale, int depth, unsigned address)
{
    int children = depth < DEPTH ? BRANCHES - depth : 0;
    fprintf(out, "%*sn%d: %ld ", depth, "", children, subtree_bytes(scale, depth));
    if (depth == 0)
        fprintf(out, "(heap allocation functions) malloc/new/new[], --alloc-fns, etc.\n");
    else if (address % 5 == 0)
        fprintf(out, "0x%X: ??? (in /usr/lib/x86_64-linux-gnu/libexample.so.%u)\n", 0x400000 + address,
                address % 9);
    else
        fprintf(out, "0x%X: %s (source-%u.cpp:%u)\n", 0x400000 + address, names[address % NAMES],
                address % 40, 1 + address % 900);
    for (int i = 0; i < children; i++)
        write_node(out, scale, depth + 1, address * 7 + (unsigned)i + 1);
}

static void write_snapshot(FILE *out, long snapshot, long peak)
{
    long scale = 1 + (snapshot <= peak ? snapshot : 2 * peak - snapshot > 0 ? 2 * peak - snapshot : 0);
    fprintf(out, "#-----------\nsnapshot=%ld\n#-----------\ntime=%ld\nmem_heap_B=%ld\nmem_heap_extra_B=%ld\n",
            snapshot, snapshot * 1000003, subtree_bytes(scale, 0), scale * 8);
    fprintf(out, "mem_stacks_B=0\nheap_tree=%s\n",
            snapshot == peak        ? "peak"
            : is_detailed(snapshot) ? "detailed"
                                    : "empty");
    if (is_detailed(snapshot))
        write_node(out, scale, 0, 0);
}

int main(int argc, char **argv)
{
    long snapshots = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
    if (snapshots < DETAILED_EVERY) {
        fprintf(stderr, "usage: %s FILE SNAPSHOTS (10 or more)\n", argv[0]);
        return 64;
    }
    FILE *out = fopen(argv[1], "w");
    if (out == NULL) {
        perror(argv[1]);
        return 1;
    }
    long peak = snapshots * PEAK_PER_CENT / 100 / DETAILED_EVERY * DETAILED_EVERY;
    fprintf(out, "desc: --threshold=0\ncmd: ./application --large\ntime_unit: i\n");
    for (long snapshot = 0; snapshot < snapshots; snapshot++)
        write_snapshot(out, snapshot, peak);
    int failed = ferror(out);
    return fclose(out) != 0 || failed ? 1 : 0;
}
