"""The options that say what a plan is about, shared by plan, apply and destroy."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from amlplan.cli.options import Option
from amlplan.errors import EXIT_POLICY
from amlplan.planning.gates import GATES
from amlplan_schemas.plan import PlanOptions, Refresh

if TYPE_CHECKING:
    from collections.abc import Callable


_ADDRESSES = {
    "target": "Plan only this and what it needs; may be repeated.",
    "exclude": "Leave this out, and what needs it; may be repeated.",
    "replace": "Make this anew; may be repeated.",
    "forget": "Let go of this without deleting it; may be repeated.",
    "accept-identity": "Take what is reached there now for this object; may be repeated.",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks of a plan; `fail_on` names what it must not have."""

    options: PlanOptions = field(default_factory=PlanOptions)
    fail_on: tuple[str, ...] = ()

    @property
    def is_plain(self) -> bool:
        """Whether nothing was asked that changes what is planned."""
        return self.options == PlanOptions()


def plan_options(function: Callable[..., int]) -> Callable[..., int]:
    """The options of a command that plans; it gets them as `asked`."""

    @functools.wraps(function)
    def wrapped(*arguments: Any, fail_on: tuple[str, ...], refresh: str, **rest: Any) -> int:
        addresses = {name: rest.pop(name.replace("-", "_")) for name in _ADDRESSES}
        options = PlanOptions(
            refresh=Refresh(refresh),
            targets=addresses["target"],
            excluded=addresses["exclude"],
            replace=addresses["replace"],
            forget=addresses["forget"],
            accept_identity=addresses["accept-identity"],
        )
        return function(*arguments, asked=Asked(options, fail_on), **rest)

    found: Callable[..., int] = click.option(
        "--fail-on",
        cls=Option,
        metavar="LIST",
        multiple=True,
        callback=_gates,
        help=f"Exit with {EXIT_POLICY} where the plan has one of these: {', '.join(GATES)}.",
    )(wrapped)
    for name, text in reversed(_ADDRESSES.items()):
        found = click.option(f"--{name}", cls=Option, metavar="ADDR", multiple=True, help=text)(
            found
        )
    return click.option(
        "--refresh",
        cls=Option,
        type=click.Choice([str(item) for item in Refresh]),
        default=str(Refresh.ALL),
        show_default=True,
        help="Which objects to look at; only: write down what they are like, and no more.",
    )(found)


def _gates(
    _ctx: click.Context, _option: click.Parameter, values: tuple[str, ...]
) -> tuple[str, ...]:
    """The gates that are closed; what is given twice adds up, and nothing is not a gate."""
    names = [name.strip() for value in values for name in value.split(",")]
    for name in names:
        if name not in GATES:
            raise click.BadParameter(f"{name!r} is none of: {', '.join(GATES)}.")
    return tuple(dict.fromkeys(names))
