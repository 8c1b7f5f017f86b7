"""Find the program in a reply: the first code block that defines `solution`, or code without a fence."""

from __future__ import annotations

import ast
import re
from collections import Counter
from importlib import import_module

ENTRY = "solution"
"""The function that the prompts ask for."""

MODULES = ("math", "datetime", "decimal", "collections", "itertools", "functools", "re", "json", "random")
"""Modules that the sandbox has. A program that uses one without importing it gets the import; small models often forget it."""

MAX_CHARACTERS = 20_000
"""Longer programs are refused; no word problem needs one."""

# An opening fence with its language, also in a quotation: "```python", "> ```".
_OPENS = re.compile(r"[ \t>]*```+[ \t]*([\w+#.-]*)")
_PYTHON = ("", "python", "python3", "py")
# Languages of code blocks that are read; "" is a block without one.
# Bare code begins with a definition or an import, and goes on while lines look like Python or are blank.
_START = re.compile(r"^(?:def |import |from \w+ import )", re.M)
_CODE_LINE = re.compile(r"(?:\s|def |import |from |class |@|#|if |for |while |[A-Za-z_][\w.]*\s*(?:[-+*/]?=|:\s*\w+\s*=|\())|$")
_FUNCTION = re.compile(r"^(?:async\s+)?def\s+(\w+)\s*\(", re.M)
_WILDCARD = re.compile(r"^([ \t]*)from[ \t]+(\w+)[ \t]+import[ \t]*\*[ \t]*(?:#.*)?$", re.M)
_NO_ARGUMENTS = re.compile(r"(?:async\s+)?def\s+(\w+)\s*\(\s*\)")
_RETURNS = re.compile(r"\s+return\s+(?!None\b)\S")


def find_program(reply: str) -> str:
    """Return the code in a reply; "" if there is none.

    If several code blocks define `solution`, the first one counts. A later one often belongs to a next problem that the student
    invented.

    Args:
        reply: the student's reply.
    """
    blocks = [block.strip("\n") for block in _blocks(reply)]
    defining = [block for block in blocks if f"def {ENTRY}" in block]
    if defining or blocks:
        return (defining or [block for block in blocks if _FUNCTION.search(block)] or blocks)[0]
    return _bare_code(reply)


def entry_of(source: str) -> str:
    """Return the name of the function to call: `solution`, else the only function, else the only one that can be called.

    A function can be called if it needs no argument and returns a value: small models like to add a check of their own, which
    calls the first function and returns nothing.

    Returns:
        The name; "" if there is no such function.
    """
    functions = list(dict.fromkeys(_FUNCTION.findall(source)))
    if ENTRY in functions:
        return ENTRY
    if len(functions) > 1:
        functions = _functions_with_a_value(source)
    return functions[0] if len(functions) == 1 else ""


def _functions_with_a_value(source: str) -> list[str]:
    """Return the top-level functions that take no arguments and have a `return` with a value."""
    found: dict[str, bool] = {}
    name = ""
    for line in source.splitlines():
        if line[:1].strip():  # the top level
            head = _NO_ARGUMENTS.match(line)
            name = head[1] if head else ""
            found |= {name: False} if name else {}
        elif name and _RETURNS.match(line):
            found[name] = True
    return [name for name, returns in found.items() if returns]


def runnable(source: str) -> str:
    """Return the program as the sandbox can run it: without its own checks, and with the imports that it needs.

    Only the function counts. A check that the student made up would end the program with its own mistake.
    """
    source = _WILDCARD.sub(lambda found: _named_import(found[1], found[2], source) or found[0], _without_checks(source))
    # "math.sqrt(", but not "self.math.x".
    missing = [name for name in MODULES if re.search(rf"(?<![\w.]){name}\.\w", source) and not _imports(name, source)]
    return "".join(f"import {name}\n" for name in missing) + source


def _without_checks(source: str) -> str:
    """Return the program without what it asserts, prints and calls of its own at the top level; lines keep their numbers."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return source  # the sandbox says what is wrong
    own = {node.name for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)} | {"print"}
    lines = source.split("\n")
    shared = Counter(line for node in body for line in {node.lineno, node.end_lineno or node.lineno})
    for node in body:
        first, last = node.lineno, node.end_lineno or node.lineno
        if _is_check(node, own) and shared[first] == shared[last] == 1:
            lines[first - 1 : last] = [""] * (last - first + 1)
    return "\n".join(lines)


def _is_check(node: ast.stmt, own: set[str]) -> bool:
    """Return whether a statement is an assertion, a call of one of these functions, or the part for scripts."""
    if isinstance(node, ast.If):
        return any(isinstance(part, ast.Name) and part.id == "__name__" for part in ast.walk(node.test))
    called = node.value.func if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) else None
    return isinstance(node, ast.Assert) or (isinstance(called, ast.Name) and called.id in own)


def _named_import(indent: str, module: str, source: str) -> str:
    """Return an import of the names of a module that a program uses, in place of `*`; "" for an unknown module."""
    if module not in (*MODULES, "typing"):
        return ""
    used = set(re.findall(r"[A-Za-z]\w*", source)) & set(dir(import_module(module)))
    return f"{indent}from {module} import {', '.join(sorted(used))}" if used else f"{indent}pass"


def _imports(name: str, source: str) -> bool:
    """Return whether the program itself imports a name, by `import NAME`, `from ... import NAME` or `as NAME`."""
    return bool(re.search(rf"^[ \t]*(?:from\b.*\b)?import\b.*\b{name}\b", source, re.M))


def _blocks(reply: str) -> list[str]:
    """Return the code blocks that are Python or name no language.

    They are read line by line, because a pattern would take the closing fence of one block for the opening fence of the next.
    The last block may be cut off by the token limit.
    """
    found: list[str] = []
    block: list[str] | None = None
    python = False
    for line in reply.splitlines():
        if block is None:
            if opens := _OPENS.match(line):
                block, python = [], opens[1].lower() in _PYTHON
            continue
        code, fence, _ = line.partition("```")
        if not fence:
            block.append(line)
            continue
        if python:
            found.append("\n".join([*block, code]))
        block = None
    return [*found, "\n".join(block)] if block is not None and python else found


def _bare_code(reply: str) -> str:
    """Return code without a fence, up to the first line of prose."""
    start = _START.search(reply)
    if start is None:
        return ""
    lines = []
    for line in reply[start.start() :].splitlines():
        if not _CODE_LINE.match(line):
            break
        lines.append(line)
    return "\n".join(lines).rstrip()
