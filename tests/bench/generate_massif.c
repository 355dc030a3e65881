/* Writes a massif file of a given size to standard output: what a C++ program leaves behind that was run with
 * --max-snapshots=1000 --detailed-freq=2 --threshold=0.1. Every run writes the same bytes.
 *
 * usage: generate-massif MEGABYTES */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_DEPTH = 24, EVERY_SECOND = 2 };

static uint64_t state = 88172645463325252u;

static uint64_t random_number(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static const char *const labels[] = {
    "main (session.cpp:412)",
    "Parser::parse(std::istream&) (parser.cpp:88)",
    "Document::append(Node*) (document.cpp:301)",
    "xmlStrndup (in /usr/lib/x86_64-linux-gnu/libxml2.so.2.9.14)",
    "??? (in /usr/lib/x86_64-linux-gnu/libstdc++.so.6.0.30)",
    "allocate (new_allocator.h:137)",
    "std::allocator_traits<std::allocator<char> >::allocate(std::allocator<char>&, unsigned long) "
    "(alloc_traits.h:464)",
    "void std::vector<Token, std::allocator<Token> >::_M_realloc_insert<Token "
    "const&>(__gnu_cxx::__normal_iterator<Token*, "
    "std::vector<Token, std::allocator<Token> > >, Token const&) (vector.tcc:440)",
    "Evaluator::run(Program const&)::{lambda(Value const&)#2}::operator()(Value const&) const "
    "(evaluator.cpp:219)",
    "_ZN5Cache6insertERKSs (cache.cpp:57)",
    "QObject::connect(QObject const*, char const*, QObject const*, char const*, Qt::ConnectionType) "
    "(qobject.cpp:2689)",
    "sqlite3MemMalloc (sqlite3.c:26437)",
    "PyUnicode_New (unicodeobject.c:1446)",
    "_PyEval_EvalFrameDefault (ceval.c:5002)",
    "g_malloc (in /usr/lib/x86_64-linux-gnu/libglib-2.0.so.0.7400.6)",
    "Session::open(std::string const&, Session::Options const&) (session.cpp:97)",
};
enum { LABELS = sizeof labels / sizeof labels[0] };

static size_t written;

static void node(unsigned depth, uint64_t bytes, const char *(*label)(unsigned))
{
    /* Most frames have one caller; a few part. */
    unsigned children = depth >= MAX_DEPTH || bytes < 64 ? 0
                        : random_number() % 10 < 7       ? 1
                                                         : (unsigned)(random_number() % 4);
    if (depth == 0)
        children = 24;
    written += (size_t)printf("%*sn%u: %llu ", (int)depth, "", children, (unsigned long long)bytes);
    if (depth == 0)
        written += (size_t)printf("(heap allocation functions) malloc/new/new[], --alloc-fns, etc.\n");
    else
        written +=
            (size_t)printf("0x%llX: %s\n", 0x100000ull + (random_number() & 0xfffffffull), label(depth));
    for (unsigned i = 0; i < children; i++) {
        uint64_t share = i + 1 == children ? bytes : bytes / (children - i);
        bytes -= share;
        if (depth > 0 && i > 0 && i + 1 == children)
            written += (size_t)printf("%*sn0: %llu in %u places, all below massif's threshold (0.10%%)\n",
                                      (int)depth + 1, "", (unsigned long long)share,
                                      2 + (unsigned)(random_number() % 40));
        else
            node(depth + 1, share, label);
    }
}

static const char *any_label(unsigned depth)
{
    return labels[(random_number() + depth) % LABELS];
}

static void snapshot(unsigned index)
{
    uint64_t heap = 20000000 + (uint64_t)index * 1000 + random_number() % 5000000;
    int detailed = index % EVERY_SECOND == 1;
    written +=
        (size_t)printf("#-----------\nsnapshot=%u\n#-----------\ntime=%llu\nmem_heap_B=%llu\n"
                       "mem_heap_extra_B=%llu\nmem_stacks_B=0\nheap_tree=%s\n",
                       index, index * 48271ull, (unsigned long long)heap, (unsigned long long)heap / 20,
                       detailed ? index == 11 ? "peak" : "detailed" : "empty");
    if (detailed)
        node(0, heap, any_label);
}

int main(int argc, char **argv)
{
    size_t wanted = argc == 2 ? strtoul(argv[1], NULL, 10) * 1000000 : 0;
    if (wanted == 0) {
        fprintf(stderr, "usage: generate-massif MEGABYTES\n");
        return 2;
    }
    printf("desc: --max-snapshots=1000 --detailed-freq=2 --threshold=0.1\ncmd: ./session big.doc\ntime_unit: "
           "i\n");
    for (unsigned index = 0; written < wanted; index++)
        snapshot(index);
    return fflush(stdout) == 0 ? 0 : 1;
}
