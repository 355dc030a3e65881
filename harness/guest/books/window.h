/* The window: a second peak, of the time since the program opened it, for measuring a part of a run from
 * inside. By the rule of the first (books.h): before an event changes a site for the first time after a new
 * peak of the window, what it held is saved. */
#ifndef HEAPGATE_GUEST_BOOKS_WINDOW_H
#define HEAPGATE_GUEST_BOOKS_WINDOW_H

#include "guest.h"

/* The mapped ledger; NULL where nothing is traced. Valid until the process ends or forks. */
GUEST_EXPORT const LedgerHeader *heapgate_tracer_ledger(void);
/* 1: opens a window, closing an open one, and returns its number, from 1. 0: closes it and returns 0; what
 * sites held at its peak stays until the next one. 0 also where nothing is traced. */
GUEST_EXPORT uint32_t heapgate_tracer_window(int open);

/* While one is open (guest_desk->window): before a site changes; when the total changes. */
GUEST_HIDDEN void window_site(LedgerHeader *header, LedgerSite *site, bool shared);
GUEST_HIDDEN void window_total(LedgerHeader *header, int64_t bytes, bool shared);

#endif
