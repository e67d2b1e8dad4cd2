"""Where expressions come from: a terminal with line editing and history, or piped lines."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from amlplan.cli.interactive.completion import completions
from amlplan.config.syntax import tokens as token
from amlplan.config.syntax.tokens import Tokens
from amlplan.project.folders import user_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from amlplan.cli.interactive.scope import ConsoleScope

PROMPT, CONTINUED = "> ", ": "
_KEPT = 1000
_OPENING = frozenset({"(", "[", "{", token.INTERPOLATION, token.DIRECTIVE})
_CLOSING = frozenset({")", "]", "}", token.SEQUENCE_CLOSE})
_DELIMITERS = " \t\n()[]{},+*/%<>=!&|?:\"'$~."


def is_complete(text: str) -> bool:
    """Whether a text can be an expression, with no bracket, heredoc or comment open in it."""
    found = Tokens(text)
    depth = 0
    for kind, start in zip(found.kinds, found.starts, strict=True):
        is_lost = kind in {token.UNTERMINATED, token.INVALID}
        if is_lost and text.startswith(("<<", "/*"), start):
            return False
        depth += (kind in _OPENING) - (kind in _CLOSING)
    return depth <= 0


def is_empty(text: str) -> bool:
    """Whether a text holds nothing but comments."""
    return set(Tokens(text).kinds) <= {token.END, token.NEWLINE}


def piped_expressions(lines: Iterator[str]) -> Iterator[tuple[str, int]]:
    """The expressions of a text, each with the number of its first line."""
    expression, first = "", 1
    for number, line in enumerate(lines, start=1):
        if not expression:
            first = number
        expression += line
        if is_complete(expression):
            if not is_empty(expression):
                yield expression, first
            expression = ""
    if expression:
        yield expression, first


def typed_expressions(scope: ConsoleScope) -> Iterator[str]:
    """The expressions that somebody types, until they leave; Ctrl-C gives up what is begun."""
    keep = _prepare(scope)
    while True:
        expression, prompt = "", PROMPT
        try:
            while not expression or not is_complete(expression):
                line = input(prompt)
                keep(line)
                expression, prompt = f"{expression}{line}\n", CONTINUED
        except KeyboardInterrupt:
            sys.stdout.write("\n")
            continue
        except EOFError:
            sys.stdout.write("\n")
            return
        if expression.strip() in {"exit", "quit"}:
            return
        if not is_empty(expression):
            yield expression


def history_file() -> Path:
    """Where the lines that were typed are kept, for all projects of a user."""
    data = user_folder("XDG_DATA_HOME", ".local/share", "Library/Application Support")
    return data / "console_history"


def _prepare(scope: ConsoleScope) -> Callable[[str], None]:
    """Set line editing up; gives what keeps a line, which one that begins with a space is not."""
    try:
        import readline
    except ImportError:  # not everywhere
        return lambda _line: None
    readline.set_completer_delims(_DELIMITERS)

    def complete(_begun: str, index: int) -> str | None:
        line = readline.get_line_buffer()[: readline.get_endidx()]
        names = completions(line, scope)[1]
        return names[index] if index < len(names) else None

    readline.set_completer(complete)
    is_libedit = "libedit" in (readline.__doc__ or "")
    readline.parse_and_bind("bind ^I rl_complete" if is_libedit else "tab: complete")
    readline.set_auto_history(False)
    readline.set_history_length(_KEPT)
    path = history_file()
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDONLY, 0o600))
        readline.read_history_file(path)

    def keep(line: str) -> None:
        if line.strip() and not line.startswith(" "):
            readline.add_history(line)
            with suppress(OSError):  # a history that cannot be written is no reason to stop
                readline.write_history_file(path)

    return keep
