/* Prints heapgate/growth_rule.py: the numbers of the rule of growth (model/growth_rule.h) for the Python
 * module. Run when heapgate is built; what it prints is kept nowhere else. */
#include <stdio.h>

#include "model/growth_rule.h"

int main(void)
{
    puts("\"\"\"The numbers of the rule of growth. Made of harness/model/growth_rule.def by make; not to be "
         "edited.\"\"\"\n");
#define COUNT(name, value) puts(#name " = " #value);
#define SHARE(name, value) puts(#name " = " #value);
#include "model/growth_rule.def"
    printf("NONE, DOUBTFUL, SURE = %d, %d, %d  # evidence\n", GROWTH_NONE, GROWTH_DOUBTFUL, GROWTH_SURE);
    return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
