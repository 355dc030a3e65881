"""What prove_coverage.py tries: programs that leak 2 MB where a tracer may not look, and what is right for each.

CLOSED: the leak is red, with its call site. SEEN: the measurement is broken, with a sentence that says what is missing.
A row that is CLOSED must also be green while nothing leaks. {folder} is where the programs are.
"""
CLOSED, SEEN = "closed", "seen"


class Row:
    def __init__(self, name, command, want=CLOSED, root=False, files=None, stopped=0, floor="512 KiB"):
        self.name, self.command, self.want, self.root = name, command, want, root
        self.files = files          # heapgate's own limit of descriptors
        self.stopped = stopped      # seconds for which heapgate is stopped after the program began
        self.floor = floor          # what peak, retained and a call site may gain


# A process may not exec or open what lies outside its new root; a raw system call passes every library by.
SEEN_ONLY = {
    "dlmopen", "limit-tight-as",
}
DROPS = ["setuid", "setresuid", "initgroups", "seteuid", "raw-setuid", "no-capabilities", "no-dump", "chroot", "chroot-setuid"]
NAMESPACES = ["user-namespace", "mount-namespace", "net-namespace", "ipc-namespace", "private-tmp", "no-proc"]
SYSTEM_CALLS = ["socket", "connect", "sendmsg", "recvmsg", "memfd_create", "ftruncate", "madvise", "mincore", "openat", "readlink",
                "process_vm_readv", "gettid", "getpid", "fcntl", "poll"]
DESCRIPTORS = ["closefrom", "close-range", "close-each", "take-each", "close-on-exec", "unlink-socket"]
LIMITS = ["nofile", "fsize", "as", "tight-as", "data", "nproc", "memlock", "stack"]
ENVIRONMENTS = ["system", "popen", "clearenv-system", "clearenv-popen", "unsetenv-system", "unsetenv-popen", "null-environ-system",
                "own-environ-popen", "blank-environ-system", "empty-preload", "other-preload", "spawn-empty", "spawn-null",
                "execve-empty", "execle-empty", "fexecve-empty", "execveat-empty", "raw-execve-empty"]
ALLOCATORS = ["dlsym", "dlsym-next", "dlvsym", "dlopen", "deepbind", "dlmopen", "libc-malloc", "libc-calloc", "libc-realloc",
              "libc-memalign", "reallocarray", "posix-memalign", "pvalloc", "strdup", "open-memstream", "mmap", "mmap-zero",
              "mmap-shared", "mmap-memfd", "raw-mmap", "mremap", "shmat", "sbrk", "raw-brk"]
STARTS = ["raw-fork", "raw-clone", "clone3", "daemon", "setsid"]
WHOLE = ["clone", "vfork-exec", "leave-at-once", "end-by-signal", "crowd", "crowd-exec", "one-after-another", "number-again"]
PYTHON = ["keep", "thread", "subprocess", "subprocess-empty", "subprocess-session", "shell", "os-system", "posix-spawn", "execve", "fork",
          "fork-in-thread", "multiprocessing-fork", "multiprocessing-spawn", "multiprocessing-forkserver"]
HOSTS = ["small-stack-spawn", "small-stack-work", "alternate-stack"]
PROGRAM, STATIC, SETUID = "{folder}/coverage", "{folder}/coverage-static", "{folder}/coverage-setuid"
NEW_LIBRARIES = ["jemalloc", "tcmalloc_minimal", "mimalloc"]

# Other people's programs in front of ours: name, command.
WRAPPERS = [
    ("setpriv", ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"], True),
    ("setpriv-clean", ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--reset-env"], True),
    ("runuser", ["runuser", "-u", "nobody", "--"], True),
    ("chroot", ["chroot", "--userspec=65534:65534", "/"], True),
    ("unshare-mount", ["unshare", "--mount"], True),
    ("unshare-pid", ["unshare", "--pid", "--fork", "--mount-proc"], True),
    ("unshare-user", ["unshare", "--user", "--map-root-user"], False),
    ("unshare-net", ["unshare", "--net"], True),
    ("env", ["env", "-i"], False),
    ("env-unset", ["env", "-u", "LD_PRELOAD", "-u", "HEAPGATE_SOCKET"], False),
    ("sudo-like", ["env", "-i", "PATH=/usr/bin:/bin", "HOME=/", "USER=nobody", "setpriv", "--reuid=65534", "--clear-groups"], True),
    ("setsid", ["setsid", "--wait"], False),
    ("nohup", ["nohup"], False),
    ("timeout", ["timeout", "50"], False),
    ("nice", ["nice"], False),
    ("prlimit", ["prlimit", "--nofile=8"], False),
    ("xargs", ["sh", "-c", 'echo work | xargs "$0"', PROGRAM], False),
    ("su", ["su", "-s", "/bin/sh", "nobody", "-c", PROGRAM + " work"], True),
    ("su-login", ["su", "-", "-s", "/bin/sh", "nobody", "-c", PROGRAM + " work"], True),
    ("static", [STATIC, "then", "itself"], False),
    ("static-exec", ["sh", "-c", STATIC + " become-other; exit $?"], False),
    ("setuid-child", ["sh", "-c", SETUID + " then itself; exit $?"], True),
    ("setuid-exec", ["sh", "-c", SETUID + " then exec; exit $?"], True),
]
WRAPPED_WHOLE = {"xargs", "su", "su-login", "static", "static-exec", "setuid-child", "setuid-exec"}
BLIND = {"static", "static-exec", "setuid-child", "setuid-exec"}
SHELLS = {
    "pipe": "{program} work | cat",
    "pipe-end": "true | {program} work",
    "background": "{program} work & wait $!",
    "subshell": "( {program} work )",
    "substitution": "x=$({program} work); exit $?",
    "become": "exec {program} work",
    "few-descriptors": "(ulimit -n 8; {program} work)",
    "unset": "unset LD_PRELOAD HEAPGATE_SOCKET; {program} work",
    "empty": "LD_PRELOAD= {program} work",
    "loop": "for i in 1 2 3; do {program} work || exit 1; done",
    "double": "({program} work & wait $!) & wait $!",
}


def rows():
    made = []

    def add(name, *command, **how):
        method = name.rpartition("/")[2].partition("+")[0]
        how.setdefault("want", SEEN if method in SEEN_ONLY else CLOSED)
        made.append(Row(name, list(command), **how))

    for method in DROPS:
        for then in ["itself", "fork", "grandchild"] + ["exec", "spawn"] * ("chroot" not in method):
            secure = method == "seteuid" and then in ("exec", "spawn")  # the loader preloads nothing then
            add("drop/%s+%s" % (method, then), PROGRAM, method, then, root=True, want=SEEN if secure else CLOSED)
    for method in NAMESPACES:
        for then in ["itself", "fork"] + ["exec"] * (method != "no-proc"):
            add("namespace/%s+%s" % (method, then), PROGRAM, method, then)
    for method in ["pid-namespace", "all-namespaces"]:
        for then in ["fork", "grandchild", "exec"]:
            add("namespace/%s+%s" % (method, then), PROGRAM, method, then)
    for call in SYSTEM_CALLS:
        for action in ["refuse", "kill"]:
            add("sandbox/%s-%s+itself" % (action, call), PROGRAM, action + "-" + call, "itself")
            add("sandbox/%s-%s+first" % (action, call), PROGRAM, action + "-" + call, "itself", "first")
            if call not in ("gettid", "getpid"):
                add("sandbox/%s-%s+fork" % (action, call), PROGRAM, action + "-" + call, "fork")
    for call in ["socket", "connect", "sendmsg", "memfd_create", "process_vm_readv"]:
        # A program that is begun by exec has nothing but these calls to hand over its books by.
        want = CLOSED if call == "process_vm_readv" else SEEN
        add("sandbox/refuse-%s+exec" % call, PROGRAM, "refuse-" + call, "exec", want=want)
        add("sandbox/refuse-%s+become" % call, PROGRAM, "refuse-" + call, "become", want=want)
    for method in DESCRIPTORS:
        for then in ["itself", "fork", "exec"]:
            add("descriptor/%s+%s" % (method, then), PROGRAM, method, then)
    for method in LIMITS:
        for then in ["itself"] + ["fork"] * (method != "nproc") + ["exec"] * (method not in ("nofile", "nproc", "tight-as")):
            hard = method == "fsize" and then == "exec"  # a hard limit: no file of the tracer's may grow
            add("limit/%s+%s" % (method, then), PROGRAM, "limit-" + method, then, **({"want": SEEN} if hard else {}))
    add("limit/few-files+exec", PROGRAM, "limit-few-files", "exec")
    for method in ENVIRONMENTS:
        add("environment/" + method, PROGRAM, method)
    for method in STARTS:
        for then in ["itself", "fork", "exec"]:
            add("process/%s+%s" % (method, then), PROGRAM, method, then)
    for method in WHOLE:
        add("process/" + method, PROGRAM, method)
    add("process/renamed+fork", PROGRAM, "renamed", "fork")
    for then in ["thread", "spawn", "become", "grandchild"]:
        add("process/then+" + then, PROGRAM, "then", then)
    for method in ALLOCATORS:
        add("allocator/" + method, PROGRAM, method)
    for library in NEW_LIBRARIES:
        for how in ["new", "array", "nothrow", "aligned", "malloc"]:
            add("allocator/%s-%s" % (library, how), "{folder}/coverage-new-" + library, how)
    for how in ["new", "array", "nothrow", "aligned"]:
        add("allocator/libstdc++-" + how, "{folder}/coverage-new", how)
    for method in HOSTS:
        add("host/" + method, PROGRAM, method)
    for then in ["itself", "fork", "exec"]:
        add("host/jump-out+" + then, PROGRAM, "jump-out", then)
    add("host/own-malloc", "{folder}/coverage-own", want=SEEN)
    add("host/own-malloc-child", "sh", "-c", "{folder}/coverage-own; exit $?", want=SEEN)
    for name, command, root in WRAPPERS:
        add("wrapper/" + name, *command, *([] if name in WRAPPED_WHOLE else [PROGRAM, "work"]), root=root,
            want=SEEN if name in BLIND else CLOSED)
    for name, line in SHELLS.items():
        add("shell/" + name, "/bin/sh", "-c", line.replace("{program}", PROGRAM))
    for method in PYTHON:
        add("python/" + method, "/usr/bin/python3", "-B", "-s", "{folder}/coverage.py", method, floor="1 MiB")
    for method in ["crowd", "crowd-exec"]:
        add("heapgate/256-files+" + method, PROGRAM, method, files=256)
    for seconds in [3, 12]:
        add("heapgate/stopped-%d+slow-start" % seconds, PROGRAM, "slow-start", stopped=seconds)
    return made
