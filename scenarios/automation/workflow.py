"""A small automation engine: reads workflow.json, runs its nodes, writes result.json; 20 times, marked.

    workflow.py WORKFLOW RESULT MARKS_LIBRARY

A node has an id, a type, settings and the nodes that follow. Data goes from node to node as a list of records.
Nodes run in the order in which they become ready, so that two runs allocate the same.
"""

import collections
import csv
import ctypes
import gc
import io
import json
import operator
import string
import sys

ITERATIONS = 20


class WorkflowError(Exception):
    """A workflow that cannot be run: which node, and why."""


# Node types. Each takes the node's settings, the records and the run's context, and returns (port, records).


def read_csv(settings, records, context):
    text = "\n".join(settings["text"])
    return "out", [dict(row) for row in csv.DictReader(io.StringIO(text))]


def convert(settings, records, context):
    kinds = {"int": int, "float": float, "str": str}
    fields = {field: kinds[kind] for field, kind in settings["fields"].items()}
    return "out", [{**record, **{f: to(record[f]) for f, to in fields.items()}} for record in records]


def compute(settings, records, context):
    operations = {"+": operator.add, "-": operator.sub, "*": operator.mul}
    left, sign, right = settings["expression"]
    for record in records:
        record[settings["field"]] = round(operations[sign](record[left], record.get(right, context.get(right))), 2)
    return "out", records


def branch(settings, records, context):
    tests = {"<": operator.lt, "=": operator.eq, ">": operator.gt}
    field, sign, value = settings["if"]
    yes = [record for record in records if tests[sign](record[field], value)]
    context.setdefault("branches", []).append([len(yes), len(records)])
    return ("yes", yes) if yes else ("no", records)


def loop(settings, records, context):
    """Runs an inner list of nodes once for every record."""
    done = []
    for record in records:
        inner = [dict(record)]
        for node in settings["nodes"]:
            _, inner = NODE_TYPES[node["type"]](node.get("settings", {}), inner, context)
        done += inner
    return "out", done


def group(settings, records, context):
    groups = {}
    for record in records:
        groups.setdefault(record[settings["by"]], []).append(record[settings["sum"]])
    return "out", [
        {settings["by"]: key, "count": len(values), "total": round(sum(values), 2)}
        for key, values in sorted(groups.items())
    ]


def render(settings, records, context):
    template = string.Template(settings["template"])
    for record in records:
        record[settings["field"]] = template.substitute(record)
    return "out", records


def collect(settings, records, context):
    context["results"][settings["name"]] = records
    return "out", records


NODE_TYPES = {
    function.__name__: function for function in (read_csv, convert, compute, branch, loop, group, render, collect)
}


class Engine:
    """Runs one workflow once."""

    def __init__(self, workflow):
        self.nodes = {node["id"]: node for node in workflow["nodes"]}
        self.start = workflow["start"]
        self.context = {"results": {}, "log": [], **workflow.get("variables", {})}

    def run_node(self, name, records):
        """Runs one node; returns what is to be run next, as (name, records)."""
        node = self.nodes[name]
        if node["type"] not in NODE_TYPES:
            raise WorkflowError(f"node {name}: there is no type {node['type']!r}")
        port, records = NODE_TYPES[node["type"]](node.get("settings", {}), records, self.context)
        self.context["log"].append({"node": name, "port": port, "records": len(records)})
        return [(after, [dict(record) for record in records]) for after in node.get("next", {}).get(port, [])]

    def run(self):
        waiting = collections.deque([(self.start, [])])
        while waiting:
            waiting.extend(self.run_node(*waiting.popleft()))
        return self.context


def run_workflow(workflow_path, result_path):
    # Bytes, not text: every open() of a text file leaves the name of an attribute (67 B) in CPython's method cache,
    # until that is full after some thousand. Bounded, so no leak, but longer than any sensible warm-up.
    with open(workflow_path, "rb") as source:
        workflow = json.loads(source.read())
    context = Engine(workflow).run()
    with open(result_path, "wb") as out:
        out.write(json.dumps({"results": context["results"], "log": context["log"]}, indent=1).encode())


def main(workflow_path, result_path, marks_path):
    marks = ctypes.CDLL(marks_path)
    # Looked up before the first mark: ctypes makes an object for each.
    mark, iteration = marks.heapgate_mark_c, marks.heapgate_iteration_c
    for _ in range(ITERATIONS):
        run_workflow(workflow_path, result_path)
        # What only the collector can free is no growth: a mark counts what is really kept.
        gc.collect()
        iteration()
    mark(b"end")


if __name__ == "__main__":
    main(*sys.argv[1:])
