"""`amlplan version` with options; without any, `amlplan.cli.main` answers by itself."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import entry_points

import click

from amlplan import __version__
from amlplan.cli.console import Console
from amlplan.cli.options import Command, flag
from amlplan.cli.text.json_text import json_text
from amlplan.registry import PROVIDERS


@click.command("version", cls=Command)
@flag("json", "Print for machines, with the providers that are installed.")
def command(*, json: bool) -> int:
    """Print the version."""
    console = Console(sys.stdout, sys.stderr)
    console.print(_json() if json else f"amlplan {__version__}")
    return 0


def _json() -> str:
    providers = {
        point.name: point.dist.version if point.dist is not None else None
        for point in sorted(entry_points(group=PROVIDERS), key=lambda item: item.name)
    }
    document = {
        "amlplan_version": __version__,
        "python": platform.python_version(),
        "platform": f"{platform.system().lower()}_{platform.machine()}",
        "providers": providers,
    }
    return json_text(document)
