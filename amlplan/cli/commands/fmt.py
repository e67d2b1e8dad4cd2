"""`amlplan fmt`: canonical layout for files in the native syntax."""

from __future__ import annotations

import difflib
import stat
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from amlplan.cli.console import Console
from amlplan.cli.options import Command, flag
from amlplan.config.formatting.format import formatted
from amlplan.config.reading.files import read_source, source_of
from amlplan.errors import EXIT_CONFIG, EXIT_UNFORMATTED
from amlplan.files import write_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amlplan.diagnostics import Diagnostic, SourceFile

_ENDINGS = (".hcl", ".amlvars")
_STANDARD_INPUT = "-"


@dataclass
class _Work:
    """What is to be done with what changes, and what was found."""

    console: Console
    writes: bool
    lists: bool
    shows_difference: bool
    has_changes: bool = False
    problems: list[Diagnostic] = field(default_factory=list)


@click.command("fmt", cls=Command)
@click.argument("paths", nargs=-1, metavar="[PATH…]")
@flag("check", "Write nothing; exit with 3 where a file would change.")
@flag("diff", "Print what changes.")
@flag("recursive", "Go into folders below, but for hidden ones.")
@flag("list", "Print the names of files that change; on by default.", is_on=True)
@flag("write", "Write the files; on by default.", is_on=True)
def command(
    paths: tuple[str, ...],
    *,
    check: bool,
    diff: bool,
    recursive: bool,
    list: bool,  # noqa: A002 - its option's name
    write: bool,
) -> int:
    """Give *.hcl and *.amlvars files their canonical layout: here, or where the paths lead.

    With - as the path, the standard input is formatted to the output.
    """
    console = Console(sys.stdout, sys.stderr)
    work = _Work(console, write and not check, list, diff)
    if _STANDARD_INPUT in paths:
        if len(paths) > 1:
            raise click.UsageError("The path - stands for the standard input, alone.")
        _format_input(work, prints=not (check or diff))
    else:
        for path in _files(paths or (".",), recursive=recursive):
            _format_file(work, path)
    console.diagnostics(work.problems)
    if work.problems:
        return EXIT_CONFIG
    return EXIT_UNFORMATTED if check and work.has_changes else 0


def _files(paths: tuple[str, ...], *, recursive: bool) -> Iterator[Path]:
    """The files that are meant, each once."""
    seen: set[Path] = set()
    for text in paths:
        path = Path(text)
        if path.is_dir():
            found = _files_in(path, recursive=recursive)
        elif not path.exists():
            raise click.UsageError(f"There is no file or folder {text}.")
        elif not path.name.endswith(_ENDINGS):
            raise click.UsageError(f"{text} is no file of *.hcl or *.amlvars, which fmt lays out.")
        else:
            found = iter((path,))
        for file in found:
            if file not in seen:
                seen.add(file)
                yield file


def _files_in(folder: Path, *, recursive: bool) -> Iterator[Path]:
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            if recursive and not entry.is_symlink():  # which may lead round in a circle
                yield from _files_in(entry, recursive=True)
        elif entry.name.endswith(_ENDINGS) and entry.is_file():
            yield entry


def _format_file(work: _Work, path: Path) -> None:
    source, problem = read_source(path, str(path))
    if problem is not None:
        work.problems.append(problem)
        return
    text = _formatted(work, source)
    if text == source.text:
        return
    if work.writes:
        target = path.resolve()  # a link goes on being one
        write_file(target, text.encode(), stat.S_IMODE(target.stat().st_mode))
    if work.lists:
        work.console.print(str(path))
    if work.shows_difference:
        _show_difference(work, source, text)


def _format_input(work: _Work, *, prints: bool) -> None:
    source, problem = source_of(sys.stdin.buffer.read(), "<stdin>")
    if problem is not None:
        work.problems.append(problem)
        return
    text = _formatted(work, source)
    if work.shows_difference and text != source.text:
        _show_difference(work, source, text)
    if prints and not work.problems:
        work.console.print(text, end="")


def _formatted(work: _Work, source: SourceFile) -> str:
    text, problems = formatted(source)
    work.problems += problems
    work.has_changes = work.has_changes or text != source.text
    return text


def _show_difference(work: _Work, source: SourceFile, text: str) -> None:
    lines = difflib.unified_diff(
        source.text.splitlines(keepends=True),
        text.splitlines(keepends=True),
        f"old/{source.filename}",
        f"new/{source.filename}",
    )
    for line in lines:
        work.console.print(line, end="" if line.endswith("\n") else "\n")
