"""Expressions in workflows: `quantity * price > limit and city in cities`, and texts with `${...}` in them.

A small part of Python's own syntax, computed over the parsed tree: names, numbers, texts, lists, arithmetic, comparing,
and/or/not, `a if b else c`, indexing, and the functions in FUNCTIONS. Nothing can be called but these.
"""

from __future__ import annotations

import ast
import functools
import operator
import re
from typing import Any, Callable, Dict, List, Mapping, Tuple, Type, Union

from .errors import ExpressionError

LONGEST = 500

FUNCTIONS: Dict[str, Callable[..., Any]] = {
    "abs": abs,
    "float": float,
    "int": int,
    "len": len,
    "lower": str.lower,
    "max": max,
    "min": min,
    "range": lambda count: list(range(count)),
    "round": round,
    "sorted": sorted,
    "split": str.split,
    "str": str,
    "strip": str.strip,
    "sum": sum,
    "upper": str.upper,
}

_BINARY: Dict[Type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}

_COMPARE: Dict[Type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda item, items: item in items,
    ast.NotIn: lambda item, items: item not in items,
}

_UNARY: Dict[Type[ast.unaryop], Callable[[Any], Any]] = {ast.Not: operator.not_, ast.USub: operator.neg}

Scope = Mapping[str, Any]


class Expression:
    """A parsed expression; `value(scope)` computes it."""

    __slots__ = ("text", "_tree")

    def __init__(self, text: str) -> None:
        if len(text) > LONGEST:
            raise ExpressionError(f"an expression of {len(text)} letters; at most {LONGEST} are read")
        self.text = text
        try:
            self._tree = ast.parse(text.strip(), mode="eval").body
        except SyntaxError as error:
            raise ExpressionError(f"cannot read {text!r}: {error.msg}") from None

    def value(self, scope: Scope) -> Any:
        try:
            return _value(self._tree, scope)
        except ExpressionError:
            raise
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise ExpressionError(f"cannot compute {self.text!r}: {error}") from error


def _value(node: ast.AST, scope: Scope) -> Any:
    compute = _NODES.get(type(node))
    if compute is None:
        raise ExpressionError(f"{type(node).__name__} cannot be used in an expression")
    return compute(node, scope)


def _name(node: ast.Name, scope: Scope) -> Any:
    if node.id not in scope:
        raise ExpressionError(f"there is no variable {node.id!r}")
    return scope[node.id]


def _call(node: ast.Call, scope: Scope) -> Any:
    function = FUNCTIONS.get(node.func.id) if isinstance(node.func, ast.Name) else None
    if function is None or node.keywords:
        raise ExpressionError(f"expected one of the functions {', '.join(FUNCTIONS)}")
    return function(*[_value(argument, scope) for argument in node.args])


def _binary(node: ast.BinOp, scope: Scope) -> Any:
    if type(node.op) not in _BINARY:
        raise ExpressionError(f"{type(node.op).__name__} cannot be used in an expression")
    return _BINARY[type(node.op)](_value(node.left, scope), _value(node.right, scope))


def _unary(node: ast.UnaryOp, scope: Scope) -> Any:
    if type(node.op) not in _UNARY:
        raise ExpressionError(f"{type(node.op).__name__} cannot be used in an expression")
    return _UNARY[type(node.op)](_value(node.operand, scope))


def _compare(node: ast.Compare, scope: Scope) -> bool:
    left = _value(node.left, scope)
    for operation, right_node in zip(node.ops, node.comparators):
        right = _value(right_node, scope)
        if type(operation) not in _COMPARE or not _COMPARE[type(operation)](left, right):
            return False
        left = right
    return True


def _and_or(node: ast.BoolOp, scope: Scope) -> Any:
    stops_at = isinstance(node.op, ast.Or)
    value = None
    for each in node.values:
        value = _value(each, scope)
        if bool(value) == stops_at:
            break
    return value


def _choice(node: ast.IfExp, scope: Scope) -> Any:
    return _value(node.body if _value(node.test, scope) else node.orelse, scope)


def _index(node: ast.Subscript, scope: Scope) -> Any:
    return _value(node.value, scope)[_value(node.slice, scope)]


_NODES: Dict[Type[ast.AST], Callable[[Any, Scope], Any]] = {
    ast.BinOp: _binary,
    ast.BoolOp: _and_or,
    ast.Call: _call,
    ast.Compare: _compare,
    ast.Constant: lambda node, scope: node.value,
    ast.IfExp: _choice,
    ast.List: lambda node, scope: [_value(item, scope) for item in node.elts],
    ast.Name: _name,
    ast.Subscript: _index,
    ast.UnaryOp: _unary,
}


@functools.lru_cache(maxsize=256)
def parse_expression(text: str) -> Expression:
    """The expression, parsed once as long as it is among the last 256."""
    return Expression(text)


_HOLE = re.compile(r"\$\{([^}]*)\}")


@functools.lru_cache(maxsize=256)
def parse_template(text: str) -> Tuple[Union[str, Expression], ...]:
    """The text's parts: plain ones, and the expressions between them."""
    parts: List[Union[str, Expression]] = []
    for position, part in enumerate(_HOLE.split(text)):
        if position % 2:
            parts.append(parse_expression(part))
        elif part:
            parts.append(part)
    return tuple(parts)


def render(text: str, scope: Scope) -> str:
    """The text with each `${expression}` replaced by its value."""
    parts = parse_template(text)
    return "".join([part if isinstance(part, str) else str(part.value(scope)) for part in parts])


def resolve(setting: Any, scope: Scope) -> Any:
    """A step's setting as it is meant: "=..." is an expression, `${...}` is filled in, lists and objects throughout."""
    if isinstance(setting, str):
        if setting.startswith("="):
            return parse_expression(setting[1:]).value(scope)
        return render(setting, scope) if "${" in setting else setting
    if isinstance(setting, list):
        return [resolve(item, scope) for item in setting]
    if isinstance(setting, dict):
        return {key: resolve(value, scope) for key, value in setting.items()}
    return setting
