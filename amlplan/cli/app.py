"""The table of commands, and what happens to whatever they raise."""

from __future__ import annotations

import gc
import importlib
import logging
import os
import sys
from keyword import iskeyword

import click

from amlplan import __version__
from amlplan.cli.console import Console, OutputError
from amlplan.cli.options import Command, Option, exact_group_arguments
from amlplan.errors import EXIT_ERROR, EXIT_INTERRUPTED, AmlplanError
from amlplan.wording import suggestion

COMMANDS = {
    "init": "Make a project ready: lock what is missing, keep its state out of git.",
    "validate": "Check the configuration without looking at anything outside.",
    "fmt": "Give the files of a configuration their canonical layout.",
    "plan": "Show what apply would do, and why.",
    "apply": "Make the world match the configuration.",
    "destroy": "Delete what the configuration made; data stays.",
    "drift": "Tell whether the world is still as the last apply left it.",
    "show": "Show the state, or a saved plan.",
    "output": "Print the outputs.",
    "graph": "Show what refers to what, as a graph.",
    "console": "Evaluate expressions, with the names of the project.",
    "import": "Manage an object that is there already.",
    "state": "Look into the state, check it, edit it, go back to an earlier one.",
    "lock": "Resolve what the outside has into amlplan.lock.",
    "run": "Run a script and record it; exits with its code.",
    "project": "Tell which history a folder's runs go into, and change it.",
    "runs": "Look at runs, fetch what they gave, end them.",
    "snapshot": "Look at the folders that runs were made of, put them back.",
    "tasks": "Look at what goes on: applies, builds, deployments and runs; end it.",
    "history": "Look at the histories that runs went into.",
    "why": "Tell what something came from: models, runs, snapshots, commits.",
    "impact": "Tell what depends on something: runs, models, images, deployments.",
    "model": "Look at registered models, and copy their files.",
    "environment": "Look at environments, build them, work in them.",
    "image": "Look at images on the targets that build them, and clear old ones away.",
    "deployment": "Ask deployments, show logs and keys, go back a revision.",
    "schema": "Tell which kinds of blocks there are, and what they take.",
    "completion": "Print a script for bash, zsh or fish that completes command lines.",
    "version": "Print the version.",
}


_ELSEWHERE = {
    "taint": "apply -replace=ADDR",
    "untaint": "apply",
    "refresh": "apply -refresh=only",
    "force-unlock": "state unlock",
    "providers": "schema providers",
    "help": "-help",
    "test": "plan",
    "get": "init",
    "drop": "destroy",
}
"""What other tools call a command, and how it is called here."""


class Commands(click.Group):
    """The commands by name; each module is imported when its command is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """The names in the order of a project's life."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of a name, or None."""
        if cmd_name not in COMMANDS:
            return None
        name = f"{cmd_name}_" if iskeyword(cmd_name) else cmd_name
        module = importlib.import_module(f"amlplan.cli.commands.{name}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the arguments name; a slip gets a suggestion."""
        if args and args[0] not in COMMANDS:
            other = _ELSEWHERE.get(args[0])
            hint = f" Here it is: amlplan {other}" if other else ""
            hint = hint or suggestion(args[0], list(COMMANDS))
            raise click.UsageError(f'There is no command "{args[0]}".{hint}', ctx)
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Accept single dashes for the options that stand before the command."""
        return super().parse_args(ctx, exact_group_arguments(self, args))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The help's list of commands, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=Commands, context_settings={"help_option_names": ["-help"]})
@click.option("--chdir", cls=Option, metavar="DIR", help="Work in another folder.")
@click.version_option(__version__, cls=Option, message="amlplan %(version)s")
def application(chdir: str | None) -> None:
    """Plan, apply and drift for machine-learning workspaces described in HCL."""
    folder = chdir or os.environ.get("AMLPLAN_CHDIR")
    if folder:
        try:
            os.chdir(folder)
        except OSError as failure:
            raise click.UsageError(f"-chdir={folder}: {failure.strerror}") from None


def run(arguments: list[str]) -> int:
    """Run one command line and give its exit code; prints, and raises nothing."""
    # One short command makes many objects and hardly any cycle.
    gc.set_threshold(100_000, 50, 50)
    console = Console(sys.stdout, sys.stderr)
    level = os.environ.get("AMLPLAN_LOG", "warning").upper()
    levels = logging.getLevelNamesMapping()
    logging.basicConfig(level=levels.get(level, logging.WARNING), stream=sys.stderr)
    try:
        code = application.main(arguments, prog_name="amlplan", standalone_mode=False)
    except click.exceptions.Exit as finished:
        return finished.exit_code
    except click.UsageError as slip:
        if isinstance(slip, getattr(click.exceptions, "NoArgsIsHelpError", ())):
            console.error(slip.format_message())
            return EXIT_ERROR
        command = slip.ctx.command_path if slip.ctx is not None else "amlplan"
        console.error(f"Error: {slip.format_message()}\n\nSee: {command} -help")
        failed = slip.ctx.command if slip.ctx is not None else None
        return failed.failure_code if isinstance(failed, Command) else EXIT_ERROR
    except (click.Abort, KeyboardInterrupt):
        console.error("\nInterrupted.")
        return EXIT_INTERRUPTED
    except OutputError as failure:
        _write_no_more()
        console.failure(failure)
        return failure.exit_code
    except AmlplanError as failure:
        console.failure(failure)
        return failure.exit_code
    except BrokenPipeError:
        _write_no_more()
        return EXIT_ERROR
    return code if isinstance(code, int) else 0


def _write_no_more() -> None:
    """Send what is left to nowhere: writing it at exit would fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
