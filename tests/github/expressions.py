"""GitHub's expressions, as far as our files use them.

Contexts (inputs.x, steps.x.outputs.y), literals, ! == != && || ( ) and the status functions. Anything else is an
error, so that a test never passes on an expression that only looks understood.
https://docs.github.com/en/actions/reference/workflows-and-actions/expressions
"""

import re

TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>\d+)|(?P<name>[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)*)"
                   r"|(?P<sign>&&|\|\||==|!=|!|\(|\)))")
EMBEDDED = re.compile(r"\$\{\{(.*?)\}\}", re.S)
STATUS_FUNCTIONS = ("always", "success", "failure", "cancelled")


class ExpressionError(Exception):
    pass


def tokens(text):
    at, found, text = 0, [], text.rstrip()
    while at < len(text):
        match = TOKEN.match(text, at)
        if not match:
            raise ExpressionError(f"not understood at column {at + 1}: {text}")
        found.append((match.lastgroup, match.group(match.lastgroup)))
        at = match.end()
    return found


def truth(value):
    return value not in (False, None, "", 0)


class Parser:
    """Evaluates while it parses; contexts: nested dicts; failed: whether an earlier step has failed."""

    def __init__(self, text, contexts, failed):
        self.tokens, self.contexts, self.failed = tokens(text), contexts, failed

    def peek(self):
        return self.tokens[0] if self.tokens else (None, None)

    def take(self, sign=None):
        kind, value = self.tokens.pop(0) if self.tokens else (None, None)
        if sign is not None and (kind, value) != ("sign", sign):
            raise ExpressionError(f"expected {sign}, found {value}")
        return kind, value

    def whole(self):
        value = self.either()
        if self.tokens:
            raise ExpressionError(f"too much: {self.tokens}")
        return value

    def either(self):
        left = self.both()
        while self.peek() == ("sign", "||"):
            self.take()
            right = self.both()
            left = left if truth(left) else right
        return left

    def both(self):
        left = self.equal()
        while self.peek() == ("sign", "&&"):
            self.take()
            right = self.equal()
            left = right if truth(left) else left
        return left

    def equal(self):
        left = self.single()
        while self.peek() in (("sign", "=="), ("sign", "!=")):
            _, sign = self.take()
            right = self.single()
            same = left.lower() == right.lower() if isinstance(left, str) and isinstance(right, str) else left == right
            left = same if sign == "==" else not same
        return left

    def single(self):
        kind, value = self.take()
        if (kind, value) == ("sign", "!"):
            return not truth(self.single())
        if (kind, value) == ("sign", "("):
            inner = self.either()
            self.take(")")
            return inner
        if kind == "text":
            return value[1:-1].replace("''", "'")
        if kind == "number":
            return int(value)
        if kind == "name":
            return self.name(value)
        raise ExpressionError(f"unexpected {value}")

    def name(self, name):
        if name in ("true", "false"):
            return name == "true"
        if self.peek() == ("sign", "("):
            if name not in STATUS_FUNCTIONS:
                raise ExpressionError(f"{name}() is not known here")
            self.take("(")
            self.take(")")
            return {"always": True, "success": not self.failed, "failure": self.failed, "cancelled": False}[name]
        value, parts = self.contexts, name.split(".")
        if parts[0] not in value:
            raise ExpressionError(f"no context {parts[0]}")
        if parts[0] == "inputs" and parts[1] not in value["inputs"]:
            raise ExpressionError(f"no input {parts[1]}")
        for part in parts:
            value = value.get(part) if isinstance(value, dict) else None
        return "" if value is None else value


def evaluate(text, contexts, failed=False):
    return Parser(text, contexts, failed).whole()


def interpolate(text, contexts):
    def shown(match):
        value = evaluate(match.group(1), contexts)
        return str(value).lower() if isinstance(value, bool) else str(value)
    return EMBEDDED.sub(shown, str(text))


def condition(text, contexts, failed):
    """A step's `if`: success() is implied unless the text asks for a status itself."""
    text = str(text)
    match = EMBEDDED.fullmatch(text.strip())
    text = match.group(1) if match else text
    asks = any(re.search(rf"\b{name}\s*\(", text) for name in STATUS_FUNCTIONS)
    return truth(evaluate(text, contexts, failed)) and (asks or not failed)
