// coverage-new HOW: 20 blocks of 100,000 bytes by operator new; linked with an allocator that defines it.
#include <cstdlib>
#include <cstring>
#include <new>

static const std::size_t bytes = 100000;
static void *kept[20];

__attribute__((noinline)) static void *new_leak_here(const char *how)
{
    if (!std::strcmp(how, "new"))
        return ::operator new(bytes);
    if (!std::strcmp(how, "array"))
        return ::operator new[](bytes);
    if (!std::strcmp(how, "nothrow"))
        return ::operator new(bytes, std::nothrow);
    if (!std::strcmp(how, "aligned"))
        return ::operator new(bytes, std::align_val_t(64));
    return std::malloc(bytes);
}

static void give_back(const char *how, void *block)
{
    if (!std::strcmp(how, "new"))
        ::operator delete(block);
    else if (!std::strcmp(how, "array"))
        ::operator delete[](block);
    else if (!std::strcmp(how, "nothrow"))
        ::operator delete(block, std::nothrow);
    else if (!std::strcmp(how, "aligned"))
        ::operator delete(block, std::align_val_t(64));
    else
        std::free(block);
}

int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "new";
    for (int i = 0; i < 20; i++) {
        kept[i] = new_leak_here(how);
        std::memset(kept[i], 1, bytes);
#ifndef LEAKING
        give_back(how, kept[i]);
#endif
        __asm__ volatile("" ::"r"(kept) : "memory");
    }
#ifdef LEAKING
    (void)give_back;
#endif
    return 0;
}
