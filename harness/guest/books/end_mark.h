/* Marks, and the sum of what is there at the mark "end". */
#ifndef HEAPGATE_GUEST_BOOKS_END_MARK_H
#define HEAPGATE_GUEST_BOOKS_END_MARK_H

#include "guest.h"

/* Gets ready to add up; false: somebody else is at it, or there is no memory. Then, in this order:
 * end_mark_expect with the number that the mark is going to have, setting the mark, end_mark_count. */
GUEST_HIDDEN bool end_mark_begin(LedgerHeader *header);
/* From here on whoever frees a block looks whether the mark is set. May be called again with another number.
 */
GUEST_HIDDEN void end_mark_expect(uint32_t number);
/* Adds up all blocks that were there when the mark of this number was set, by site and birth. 0: it was not
 * set. */
GUEST_HIDDEN void end_mark_count(LedgerHeader *header, uint32_t number);
/* Adds to what was there, of a site and a birth. */
GUEST_HIDDEN void end_mark_add(LedgerHeader *header, uint32_t site, uint32_t birth, int64_t bytes,
                               int64_t blocks);
/* While guest_desk->counting: takes a block's record out, and where the mark is set and the sum has not come
 * by yet, adds it to the sum. Returns what was there; COUNTED is set where the sum has it. */
GUEST_HIDDEN LedgerRecord end_mark_take(LedgerHeader *header, LedgerRecord *at);

#endif
