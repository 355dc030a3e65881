/* A frame as Valgrind's tools and Rust's dhat crate write it on one line: "0x109390: leak (t.c:6)",
 * "0x1: app::main (src/main.rs:9:28)", "0x48417B4: malloc (in /usr/lib/x.so)", "0x4004A1D: ???", "[root]". */
#ifndef HEAPGATE_FORMATS_FRAME_LABEL_H
#define HEAPGATE_FORMATS_FRAME_LABEL_H

#include "model/call_site.h"

/* Splits label in place (it is written to) and points frame at its pieces: function NULL for "???". Any text
 * gives a frame: what is not a place is the function's name. */
void frame_label_split(char *label, Frame *frame);

#endif
