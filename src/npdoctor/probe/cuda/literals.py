"""Read the constants that a generated Python file assigns, without running it."""

from __future__ import annotations

import ast
from typing import Any

_MAX_BYTES = 1024 * 1024


def read_literals(path: str) -> dict[str, Any] | None:
    """Return what a module assigns to plain names as literals; None where it cannot be read or parsed.

    A table written as `collections.OrderedDict([...])` counts as one, for that is how TensorFlow writes it.
    """
    try:
        with open(path, "rb") as stream:
            tree = ast.parse(stream.read(_MAX_BYTES))
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    found: dict[str, Any] = {}
    for statement in tree.body:
        if isinstance(statement, ast.Assign):
            targets: list[ast.expr] = statement.targets
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            targets = [statement.target]
        else:
            continue
        for target in targets:
            if isinstance(target, ast.Name):
                _note(found, target.id, statement.value)
    return found


def _note(found: dict[str, Any], name: str, value: ast.expr | None) -> None:
    """Take over a value; what is no literal makes the name unknown again."""
    found.pop(name, None)
    try:
        if isinstance(value, ast.Call):
            found[name] = _table(value)
        elif value is not None:
            found[name] = ast.literal_eval(value)
    except (ValueError, TypeError, RecursionError, MemoryError):
        return


def _table(call: ast.Call) -> dict[Any, Any]:
    """Return what an OrderedDict is made of. Raises ValueError for any other call."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else None
    if name != "OrderedDict" or len(call.args) != 1 or call.keywords:
        raise ValueError("not a table of literals")
    return dict(ast.literal_eval(call.args[0]))
