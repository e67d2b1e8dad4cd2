"""Who is told, as the options of a command say."""

from __future__ import annotations

import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from amlplan.cli.console import Console, OutputError
from amlplan.cli.reporters.human import HumanReporter
from amlplan.cli.reporters.reporter import Several
from amlplan.errors import EXIT_INTERRUPTED, AmlplanError, CanceledError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amlplan.cli.reporters.reporter import Reporter
    from amlplan.cli.reporters.stream import StreamReporter


@contextmanager
def reporting(*, json: bool, into: str | None) -> Iterator[Reporter]:
    """A reporter to people, or with `json` to programs; `into` names a file for these beside it.

    What ends the command is told to programs as well. With `json` it ends here with its exit
    code, since nothing but lines of JSON may be printed.
    """
    console = Console(sys.stdout, sys.stderr)
    if not json and into is None:
        with HumanReporter(console) as human:
            yield human
        return
    with ExitStack() as stack:
        streams = list(_streams(stack, to_output=json, into=into))
        reporters: list[Reporter] = [*streams]
        if not json:
            reporters.insert(0, stack.enter_context(HumanReporter(console)))
        try:
            yield Several(reporters)
        except (AmlplanError, KeyboardInterrupt) as raised:
            failure = raised if isinstance(raised, AmlplanError) else _interrupted()
            for stream in streams:
                stream.failed(failure)
            if not json or isinstance(raised, OutputError):
                raise
            code = failure.exit_code if isinstance(raised, AmlplanError) else EXIT_INTERRUPTED
            raise click.exceptions.Exit(code) from raised
        except Exception as defect:
            for stream in streams:
                stream.failed(_explained(defect))
            raise
        if into is not None and streams[0].failure is not None:
            why = streams[0].failure.strerror
            console.error(f"Warning: {into} is incomplete, since it took no more: {why}.")


def _streams(stack: ExitStack, *, to_output: bool, into: str | None) -> Iterator[StreamReporter]:
    """The streams, opened; imported here, since few commands write one."""
    from amlplan.cli.reporters.lines import Lines
    from amlplan.cli.reporters.stream import StreamReporter

    if into is not None:
        yield stack.enter_context(StreamReporter(Lines.to_file(Path(into))))
    if to_output:
        yield stack.enter_context(StreamReporter(Lines.to_stream(sys.stdout)))


def _interrupted() -> AmlplanError:
    return CanceledError("Interrupted", "The command stopped because you asked.")


def _explained(defect: Exception) -> AmlplanError:
    """A defect of amlplan without its message, which may hold anything."""
    text = f"{type(defect).__name__} was raised where nothing should be. Report this."
    return AmlplanError("Unexpected failure", text)
