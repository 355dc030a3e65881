/* What a filter of system calls (seccomp) does to those that the tracer makes when a program begins. */
#ifndef HEAPGATE_GUEST_PROCESS_SANDBOX_FILTER_H
#define HEAPGATE_GUEST_PROCESS_SANDBOX_FILTER_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>

/* The filter's answer to one call: SECCOMP_RET_* with its data. A filter that the kernel would refuse
 * kills. Source: the kernel's seccomp_check_filter and its documentation of classic BPF. */
__attribute__((visibility("hidden"))) uint32_t sandbox_filter_run(const struct sock_fprog *filter,
                                                                  const struct seccomp_data *call);
/* Does it kill the process, or signal it, for one of the tracer's calls? */
__attribute__((visibility("hidden"))) bool sandbox_filter_kills(const struct sock_fprog *filter);

#endif
