// news [throw]: operator new in all its forms, each block's size its own; and all forms of delete, on blocks of many sizes.
#include <cstdio>
#include <cstdlib>
#include <new>

static void *kept[9];

static void keep()
{
    const std::align_val_t wide = std::align_val_t(64);
    kept[0] = ::operator new(64000);
    kept[1] = ::operator new[](64064);
    kept[2] = ::operator new(64128, std::nothrow);
    kept[3] = ::operator new[](64192, std::nothrow);
    kept[4] = ::operator new(64256, wide);
    kept[5] = ::operator new[](64320, wide);
    kept[6] = ::operator new(64384, wide, std::nothrow);
    kept[7] = ::operator new[](64448, wide, std::nothrow);
    kept[8] = malloc(64512);
}

static void pass(std::size_t size)
{
    const std::align_val_t wide = std::align_val_t(64);
    ::operator delete(::operator new(size));
    ::operator delete[](::operator new[](size));
    ::operator delete(::operator new(size), size);
    ::operator delete[](::operator new[](size), size);
    ::operator delete(::operator new(size, std::nothrow), std::nothrow);
    ::operator delete[](::operator new[](size, std::nothrow), std::nothrow);
    ::operator delete(::operator new(size, wide), wide);
    ::operator delete[](::operator new[](size, wide), wide);
    ::operator delete(::operator new(size, wide), size, wide);
    ::operator delete[](::operator new[](size, wide), size, wide);
    ::operator delete(::operator new(size, wide, std::nothrow), wide, std::nothrow);
    ::operator delete[](::operator new[](size, wide, std::nothrow), wide, std::nothrow);
    ::operator delete(nullptr);
}

// throw: an allocator in C cannot, and ends the program instead.
int main(int argc, char **)
{
    for (std::size_t size = 0; size < 3000; size++)
        pass(size);
    keep();
    if (argc < 2)
        return 0;
    try {
        volatile std::size_t huge = static_cast<std::size_t>(-1) / 4;
        kept[0] = ::operator new(huge);
    } catch (const std::bad_alloc &) {
        std::puts("thrown");
    }
    return 0;
}
