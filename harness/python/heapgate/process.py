"""What the kernel says about this process's memory, and how much there is for it. All in bytes."""

from __future__ import annotations

import os
from typing import List, Optional


def _read(path: str) -> str:
    try:
        with open(path, encoding="ascii", errors="replace") as stream:
            return stream.read()
    except OSError:
        return ""


def rss_bytes() -> int:
    """Resident memory: what the process has in pages, shared ones included."""
    return int(_read("/proc/self/statm").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def uss_bytes() -> int:
    """Unique memory: pages that would be free if the process ended. 0 where the kernel does not tell (before 4.14)."""
    total = 0
    for line in _read("/proc/self/smaps_rollup").splitlines():
        if line.startswith(("Private_Clean:", "Private_Dirty:", "Private_Hugetlb:")):
            total += int(line.split()[1]) * 1024
    return total


def limit_bytes() -> int:
    """What the process may have at most: its cgroup's limit, or the machine's memory, whichever is less."""
    total = 0
    for line in _read("/proc/meminfo").splitlines():
        if line.startswith("MemTotal:"):
            total = int(line.split()[1]) * 1024
    limit = cgroup_limit_bytes()
    return total if limit is None else min(limit, total or limit)


def cgroup_limit_bytes(proc: str = "/proc/self/cgroup", root: str = "/sys/fs/cgroup") -> Optional[int]:
    """The least limit of the control groups that the process is in, version 1 or 2; None where there is none."""
    limits = []
    for line in _read(proc).splitlines():
        parts = line.split(":", 2)
        if len(parts) != 3:
            continue
        if parts[0] == "0" and parts[1] == "":
            limits += _limits_upwards(root, parts[2], "memory.max")
        elif "memory" in parts[1].split(","):
            limits += _limits_upwards(os.path.join(root, "memory"), parts[2], "memory.limit_in_bytes")
    # "max" in version 2; in version 1 no limit is a number close to 2^63.
    return min((limit for limit in limits if limit < 1 << 62), default=None)


def _limits_upwards(root: str, group: str, name: str) -> List[int]:
    # In a container the path may lead out of what is mounted: "/../..".
    parts = [part for part in group.split("/") if part not in ("", ".", "..")]
    paths = (os.path.join(root, *parts[:depth], name) for depth in range(len(parts) + 1))
    texts = (_read(path).strip() for path in paths)
    return [int(text) for text in texts if text.isdigit()]
