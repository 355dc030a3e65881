#ifdef __x86_64__
#include <glib.h>
#include <sys/mman.h>

#include "runner.h"
#include "guest/unwind/cfi.h"
#include "guest/unwind/code_object.h"

/* A copy of the segment that holds our own .eh_frame, ending where nothing may be read. */
typedef struct {
    CodeObject object;
    ElfW(Phdr) header;
    guint8 *bytes;
    gsize size;
    ptrdiff_t moved;
} Copy;

/* Byte by byte, as memcpy may be a sanitizer's, which knows of gaps between variables there. */
__attribute__((no_sanitize("address"))) static void copy_bytes(guint8 *to, const volatile guint8 *from,
                                                               gsize size)
{
    for (gsize i = 0; i < size; i++)
        to[i] = from[i];
}

static void copy_make(Copy *self)
{
    code_object_init();
    CodeObject own;
    ck_assert(code_object_find((uintptr_t)copy_make, &own));
    for (unsigned i = 0; i < own.header_count; i++)
        if (own.headers[i].p_type == PT_LOAD &&
            own.eh_frame_hdr - own.bias - own.headers[i].p_vaddr < own.headers[i].p_filesz)
            self->header = own.headers[i];
    uintptr_t low = own.bias + self->header.p_vaddr;
    self->size = self->header.p_filesz;
    gsize room = (self->size + 4095) & ~(gsize)4095;
    guint8 *pages = mmap(NULL, room + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_int_eq(mprotect(pages + room, 4096, PROT_NONE), 0);
    self->bytes = pages + room - self->size;
    copy_bytes(self->bytes, (const guint8 *)low, self->size);
    self->moved = (uintptr_t)self->bytes - low;
    self->object = own;
    self->object.headers = &self->header;
    self->object.header_count = 1;
    self->object.bias += self->moved;
    self->object.eh_frame_hdr += self->moved;
}

static gboolean copy_find(Copy *self, uintptr_t address)
{
    FrameDescription description;
    CfiRow row;
    return eh_frame_find_in(&self->object, address, &description) && cfi_row(&description, address, &row);
}

START_TEST(test_eh_frame_finds_functions)
{
    Copy copy;
    copy_make(&copy);
    ck_assert(copy_find(&copy, (uintptr_t)copy_make + 8 + copy.moved));
    ck_assert(copy_find(&copy, (uintptr_t)copy_find + 8 + copy.moved));
    ck_assert(!copy_find(&copy, (uintptr_t)copy.bytes));
}
END_TEST

START_TEST(test_eh_frame_survives_damage)
{
    Copy copy;
    copy_make(&copy);
    g_autoptr(GRand) random = g_rand_new_with_seed(11);
    uintptr_t hdr = copy.object.eh_frame_hdr - (uintptr_t)copy.bytes;
    guint found = 0;
    g_autofree guint8 *whole = g_malloc(copy.size);
    memcpy(whole, copy.bytes, copy.size);
    for (int i = 0; i < 200000; i++) {
        /* Damage adds up, until hardly anything is found whatever the reader does. */
        if (i % 10000 == 0)
            memcpy(copy.bytes, whole, copy.size);
        gsize at = i % 7 == 0 ? hdr + g_rand_int(random) % 24 : hdr + g_rand_int(random) % (copy.size - hdr);
        guint8 before = copy.bytes[at];
        copy.bytes[at] = g_rand_int(random) % 3 == 0 ? 0xff : (guint8)g_rand_int(random);
        found +=
            copy_find(&copy, (uintptr_t)copy_make + copy.moved + g_rand_int(random) % (1 << 18) - (1 << 17));
        if (i % 7 == 0)
            copy.bytes[at] = before;
    }
    ck_assert_uint_gt(found, 100);
}
END_TEST

START_TEST(test_cfi_survives_any_program)
{
    guint8 *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(page + 4096, 4096, PROT_NONE);
    g_autoptr(GRand) random = g_rand_new_with_seed(5);
    FrameDescription description = {.start = 0x1000, .end = 0x9000, .code_align = 1, .data_align = -8};
    description.return_column = CFI_RIP;
    guint known = 0;
    for (int i = 0; i < 300000; i++) {
        gsize size = g_rand_int(random) % 40;
        guint8 *program = page + 4096 - size;
        for (gsize k = 0; k < size; k++)
            program[k] = g_rand_int(random) % 2 ? g_rand_int(random) : g_rand_int(random) % 0x18;
        CfiRow row;
        description.initial = description.program = (Bytes){program, page + 4096, false};
        known += cfi_row(&description, 0x1000 + g_rand_int(random) % 100, &row);
    }
    ck_assert_uint_gt(known, 100);
}
END_TEST

SUITE(eh_frame, 60)
{
    tcase_add_test(tcase, test_eh_frame_finds_functions);
    tcase_add_test(tcase, test_eh_frame_survives_damage);
    tcase_add_test(tcase, test_cfi_survives_any_program);
}
#endif
