"""Whether a scoring script has what a server calls, read off its text and never imported."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from amlplan.errors import NotFoundError, ProviderError
from amlplan.files import failure_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def check_script(path: Path, shown: str) -> None:
    """Raise ProviderError where a script lacks `init()` or `run(data)`, or is no Python.

    A name that is imported or assigned counts as there, and a star import may bring anything.
    """
    tree = _parsed(path, shown)
    names = set(_names(tree))
    missing = [name for name in ("init", "run") if name not in names and "*" not in names]
    if missing:
        wanted = " and ".join("init()" if name == "init" else "run(data)" for name in missing)
        raise ProviderError(
            "The scoring script lacks a function",
            f"{shown} defines no {wanted}. A server calls init() once and run(data) for each "
            "request; define both at the top of the file.",
        )
    for function in _functions(tree):
        if function.name == "run" and not _takes_data(function.args):
            raise ProviderError(
                "run() takes no data",
                f"{shown} line {function.lineno}: a server calls run with the request's data, and "
                "this run takes no argument. Write: def run(data)",
            )


def _parsed(path: Path, shown: str) -> ast.Module:
    try:
        return ast.parse(path.read_bytes(), filename=shown)
    except FileNotFoundError as failure:
        raise NotFoundError(
            "The scoring script is missing",
            f"{path} does not exist. Correct entry_script, which is relative to source_dir.",
        ) from failure
    except OSError as failure:
        raise failure_at(path, "read", failure) from failure
    except SyntaxError as failure:
        said = f"{failure.msg}: {(failure.text or '').strip()}".rstrip(": ")
        raise ProviderError(
            "The scoring script has a syntax error",
            f"{shown} line {failure.lineno}: {said}. Correct it, then plan again.",
        ) from failure
    except ValueError as failure:
        raise ProviderError(
            "The scoring script is no Python", f"{shown}: {failure}. Name another entry_script."
        ) from failure


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def _names(tree: ast.Module) -> Iterator[str]:
    """What the file binds, also in the branches of its statements."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
            continue
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from (alias.asname or alias.name for alias in node.names)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        waiting.extend(ast.iter_child_nodes(node))


def _takes_data(arguments: ast.arguments) -> bool:
    return bool(
        arguments.posonlyargs
        or arguments.args
        or arguments.vararg
        or arguments.kwonlyargs
        or arguments.kwarg
    )
