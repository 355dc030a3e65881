/* Marks, and the sum of what is there at the mark "end". */
#ifndef HEAPGATE_TRACER_END_MARK_H
#define HEAPGATE_TRACER_END_MARK_H

#include "guest.h"

/* While the end mark is being added up: takes a block's record out, and where the sum has not come by yet,
 * adds it to the sum, since at the mark the block was there. Returns the record's word; COUNTED is set where
 * the sum has it. */
GUEST_HIDDEN uint64_t end_mark_take(LedgerHeader *header, LedgerRecord *record);
/* Adds up all blocks born before the mark of this number, by site and birth. */
GUEST_HIDDEN void end_mark_count(LedgerHeader *header, uint32_t number);

#endif
