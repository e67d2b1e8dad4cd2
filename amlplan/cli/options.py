"""How options are written: one dash or two, `=` or a space, never abbreviated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

from amlplan.cli.output_files import OutputFile
from amlplan.errors import EXIT_ERROR
from amlplan.wording import suggestion

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from amlplan.config.evaluating.variables import Assignment

Decorated = TypeVar("Decorated", bound="Callable[..., Any]")

ASSIGNMENTS = "amlplan.assignments"
_TRUE, _FALSE = frozenset({"true", "1"}), frozenset({"false", "0"})
_HELP = frozenset({"h", "help"})


class Command(click.Command):
    """A command whose options must match exactly, in either spelling."""

    failure_code = EXIT_ERROR
    """What the process exits with where the command line cannot be understood."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Rewrite the arguments to the one form that click reads without guessing."""
        exact = exact_arguments(self, args, ctx)
        ctx.meta[ASSIGNMENTS] = _assignments(exact)
        return super().parse_args(ctx, exact)


class CommandGroup(click.Group):
    """A command with commands below it, as in `state list`."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the arguments name; a slip gets a suggestion."""
        if args and args[0] not in self.commands:
            hint = suggestion(args[0], list(self.commands))
            raise click.UsageError(f'There is no command "{self.name} {args[0]}".{hint}', ctx)
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Accept single dashes before the inner command's name."""
        return super().parse_args(ctx, exact_group_arguments(self, args))


class Option(click.Option):
    """An option that help shows as users of Terraform write it."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """The option with one dash and `=`, and its text."""
        record = super().get_help_record(ctx)
        if record is None:
            return None
        name = self.opts[0].lstrip("-")
        value = "" if self.is_flag else f"={self.make_metavar(ctx)}"
        return f"-{name}{value}", record[1]


def _options_of(command: click.Command) -> dict[str, click.Option]:
    return {
        name.lstrip("-"): parameter
        for parameter in command.params
        if isinstance(parameter, click.Option)
        for name in parameter.opts
    }


def exact_arguments(
    command: click.Command, arguments: Sequence[str], ctx: click.Context | None = None
) -> list[str]:
    """Options first, each as `--name=value`, `--flag` or `--no-flag`; then the rest."""
    options = _options_of(command)
    exact: list[str] = []
    rest: list[str] = []
    waiting = list(arguments)
    while waiting:
        argument = waiting.pop(0)
        if argument == "--":
            rest += waiting
            break
        if not argument.startswith("-") or argument == "-":
            rest.append(argument)
            continue
        exact.append(_exact(argument, waiting, options, ctx))
    return [*exact, "--", *rest] if rest else exact


def exact_group_arguments(group: click.Group, arguments: Sequence[str]) -> list[str]:
    """The same for the options before a command's name; what follows it is left alone."""
    options = _options_of(group)
    exact: list[str] = []
    waiting = list(arguments)
    while waiting and waiting[0].startswith("-"):
        exact.append(_exact(waiting.pop(0), waiting, options, None))
    return exact + waiting


def _exact(
    argument: str,
    waiting: list[str],
    options: dict[str, click.Option],
    ctx: click.Context | None,
) -> str:
    """One option in its exact form; takes its value from `waiting` where it stands apart."""
    dashes = "--" if argument.startswith("--") else "-"
    name, equals, value = argument[len(dashes) :].partition("=")
    if name in _HELP:
        return "-help"
    if name == "version" and name in options:
        return "--version"
    if name not in options:
        if ctx is not None and name in _options_of(ctx.find_root().command):
            program, *command = ctx.command_path.split()
            raise click.UsageError(
                f"{dashes}{name} stands before the command, as in: "
                f"{' '.join([program, argument, *command])}",
                ctx,
            )
        hint = suggestion(name, [*options, "help"])
        hint = hint.replace(' "', f' "{dashes}', 1)
        raise click.UsageError(f"There is no option {dashes}{name}.{hint}", ctx)
    if options[name].is_flag:
        if not equals or value in _TRUE:
            return f"--{name}"
        if value in _FALSE:
            return f"--no-{name}"
        raise click.UsageError(f"{dashes}{name} takes true or false, not {value!r}.", ctx)
    if not equals:
        without = getattr(options[name], "without_value", None)
        if without is not None and (not waiting or waiting[0].startswith("-")):
            return f"--{name}={without}"
        if not waiting:
            raise click.UsageError(f"{dashes}{name} needs a value, as in {dashes}{name}=…", ctx)
        value = waiting.pop(0)
    return f"--{name}={value}"


def _assignments(exact: Sequence[str]) -> tuple[Assignment, ...]:
    """What -var and -var-file say, in the order they were given: the later one wins."""
    found: list[Assignment] = []
    for argument in exact:
        if argument == "--":
            break
        name, _, value = argument.partition("=")
        if name == "--var":
            found.append(("var", value))
        elif name == "--var-file":
            found.append(("file", value))
    return tuple(found)


def assignments_of(ctx: click.Context) -> tuple[Assignment, ...]:
    """The variables that the command line of a context sets, in order."""
    found: tuple[Assignment, ...] = ctx.meta.get(ASSIGNMENTS, ())
    return found


def flag(name: str, text: str, *, is_on: bool = False) -> Callable[[Decorated], Decorated]:
    """A boolean option, off by default unless `is_on`."""
    return click.option(
        f"--{name}/--no-{name}", name.replace("-", "_"), cls=Option, default=is_on, help=text
    )


def variable_options(function: Decorated) -> Decorated:
    """The options that set variables."""
    function = click.option(
        "--var",
        cls=Option,
        multiple=True,
        expose_value=False,
        metavar="NAME=VALUE",
        help="Set a variable; may be repeated.",
    )(function)
    return click.option(
        "--var-file",
        cls=Option,
        multiple=True,
        expose_value=False,
        metavar="FILE",
        help="Read variables from a file; may be repeated.",
    )(function)


def stream_options(function: Decorated) -> Decorated:
    """The options that tell programs what happens; see `amlplan.cli.reporters`."""
    function = click.option(
        "--json-into",
        cls=Option,
        metavar="FILE",
        type=OutputFile(),
        help="Write what -json prints into a file, beside the text for people.",
    )(function)
    return flag("json", "Print what happens for machines, as lines of JSON.")(function)


def parallelism_option(function: Decorated) -> Decorated:
    """How many operations run at once."""
    return click.option(
        "--parallelism",
        cls=Option,
        metavar="N",
        type=click.IntRange(1, 256),
        default=10,
        show_default=True,
        envvar="AMLPLAN_PARALLELISM",
        help="How many operations run at once.",
    )(function)


def _checked_duration(_ctx: click.Context, _option: click.Parameter, value: str) -> str:
    from amlplan_schemas.base import seconds_of

    try:
        seconds_of(value)
    except ValueError as failure:
        raise click.BadParameter(str(failure)) from None
    return value


def lock_timeout_option(function: Decorated) -> Decorated:
    """How long to wait for a lock that somebody else holds."""
    return click.option(
        "--lock-timeout",
        cls=Option,
        default="0s",
        metavar="DURATION",
        show_default=True,
        callback=_checked_duration,
        help="How long to wait for the state's lock, as in 30s.",
    )(function)
