#include "give_back.h"

#include <malloc.h>

void give_back_memory(void)
{
    /* Under AddressSanitizer nothing is the C library's malloc's, which is not even begun then: two threads
     * that ask it at once meet in its beginning. */
#ifndef __SANITIZE_ADDRESS__
    malloc_trim(0);
#endif
}
