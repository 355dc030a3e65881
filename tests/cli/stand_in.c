#include "stand_in.h"

#include "runner.h"

static const char files_script[] = "#!/bin/sh\n"
                                   "[ \"$1\" = --version ] && { echo valgrind-3.19.0; exit 0; }\n"
                                   "mine() { word=${1#*=}; echo \"${word%%%p*}$$${word##*%p}\"; }\n"
                                   "for word do\n"
                                   "  case $word in\n"
                                   "  --massif-out-file=*) out=$(mine \"$word\") ;;\n"
                                   "  --xtree-memory-file=*) left=$(mine \"$word\") ;;\n"
                                   "  --xml-file=*) xml=$(mine \"$word\") ;;\n"
                                   "  --) break ;;\n"
                                   "  esac\n"
                                   "done\n"
                                   "while [ \"$1\" != -- ]; do shift; done\n"
                                   "shift\n";

/* The files, as massif --xtree-memory=allocs and memcheck --xml=yes write them, cut to what is needed. */
static const char leave_function[] =
    "snapshot() {\n" /* NUMBER TOTAL TREE [FUNCTION] */
    "  echo '#-----------'; echo \"snapshot=$1\"; echo '#-----------'; echo \"time=$1\"\n"
    "  echo \"mem_heap_B=$2\"; echo mem_heap_extra_B=0; echo mem_stacks_B=0; echo \"heap_tree=$3\"\n"
    "  [ \"$3\" = empty ] || [ \"$2\" = 0 ] || printf 'n1: %s (all)\\n n0: %s 0x1: %s (prog.c:7)\\n' $2 $2 "
    "$4\n"
    "  [ \"$3\" = empty ] || [ \"$2\" != 0 ] || echo 'n0: 0 (all)'\n"
    "}\n"
    "header() { echo \"desc: (none)\"; echo \"cmd: ./prog\"; echo \"time_unit: i\"; }\n"
    "leave_massif() {\n"
    "  { header; snapshot 0 0 empty; snapshot 1 $1 peak $3; snapshot 2 $2 empty; } >\"$out\"\n"
    "  { header; snapshot 0 $2 detailed $3; snapshot 1 $(($2 > 0)) detailed $3; } >\"$left\"\n"
    "}\n"
    "leave_memcheck() {\n"
    "  echo '<?xml version=\"1.0\"?><valgrindoutput><protocolversion>4</protocolversion>'\n"
    "  echo '<protocoltool>memcheck</protocoltool>'\n"
    "  echo \"<pid>$$</pid><ppid>1</ppid><tool>memcheck</tool>\"\n"
    "  echo '<args><vargv><exe>valgrind</exe></vargv><argv><exe>./prog</exe></argv></args>'\n"
    "  echo '<status><state>RUNNING</state><time>0</time></status>'\n"
    "  echo '<status><state>FINISHED</state><time>1</time></status>'\n"
    "  [ \"$1\" = 0 ] || echo "
    "\"<error><unique>0x0</unique><tid>1</tid><kind>Leak_DefinitelyLost</kind><xwhat>\"\\\n"
    "    \"<text>$1 "
    "bytes</text><leakedbytes>$1</leakedbytes><leakedblocks>1</leakedblocks></xwhat><stack><frame>\"\\\n"
    "    \"<ip>0x1</ip><fn>$2</fn><file>prog.c</file><line>7</line></frame></stack></error>\"\n"
    "  echo '<errorcounts></errorcounts><suppcounts></suppcounts></valgrindoutput>'\n"
    "}\n"
    "leave_totals() {\n"
    "  header; snapshot 0 $2 detailed $3; snapshot 1 $(($2 > 0)) detailed $3\n"
    "  snapshot 2 $1 detailed $3; snapshot 3 $(($1 > 0)) detailed $3\n"
    "}\n"
    "leave() {\n"
    "  set -- $1 $2 ${3:-work}\n"
    "  [ -n \"$xml\" ] || { leave_massif \"$@\"; return; }\n"
    "  leave_memcheck $2 $3 >\"$xml\"; leave_totals \"$@\" >\"$left\"\n"
    "}\n";

static void put_first_in_path(TestProject *project)
{
    const char *before = g_environ_getenv(project->env, "PATH"), *bin = test_project_path(project, "bin");
    if (g_str_has_prefix(before, bin))
        return;
    g_autofree char *path = g_strconcat(bin, ":", before, NULL);
    project->env = g_environ_setenv(project->env, "PATH", path, TRUE);
}

void stand_in_install(TestProject *project, const char *behaviour)
{
    test_project_write(project, "bin/valgrind", "%s%s%s\n", files_script, leave_function, behaviour);
    put_first_in_path(project);
}

void stand_in_filter(TestProject *project, const char *filter)
{
    g_autofree char *real = g_find_program_in_path("valgrind");
    ck_assert_ptr_nonnull(real);
    test_project_write(project, "bin/valgrind",
                       "#!/bin/sh\n"
                       "list=$(printf '%%s\\n' \"$@\" | sed '%s')\n"
                       "IFS='\n'\n"
                       "exec '%s' $list\n",
                       filter, real);
    put_first_in_path(project);
}
