/* Built at a fixed address: comparing malloc's address makes the linker put an entry of that name into the
 * program. */
#include <stdlib.h>

void *volatile kept;
void *(*volatile allocate)(size_t) = malloc;

int main(void)
{
    kept = allocate(1000);
    return allocate != malloc;
}
