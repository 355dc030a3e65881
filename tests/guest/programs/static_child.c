/* Linked statically: no library is preloaded into it. */
#include <stdlib.h>
#include <string.h>

int main(void)
{
    char *block = malloc(1 << 20);
    memset(block, 1, 1 << 20);
    free(block);
    return 0;
}
