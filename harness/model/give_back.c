#include "give_back.h"

#include <malloc.h>

#ifdef __has_feature
#define HAS_ADDRESS_SANITIZER __has_feature(address_sanitizer)
#else
#define HAS_ADDRESS_SANITIZER 0
#endif

void give_back_memory(void)
{
    /* AddressSanitizer replaces malloc, so glibc's has no arenas yet. malloc_trim would make them, and two
     * threads that call it at once race. */
#if !defined(__SANITIZE_ADDRESS__) && !HAS_ADDRESS_SANITIZER
    malloc_trim(0);
#endif
}
