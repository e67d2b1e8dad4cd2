"""`amlplan completion`: prints the script with which a shell completes command lines."""

from __future__ import annotations

import sys
from importlib.resources import files

import click

from amlplan.cli.console import Console
from amlplan.cli.options import Command


@click.command("completion", cls=Command)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> int:
    """Print the script with which a SHELL completes commands, options and names."""
    script = files("amlplan.cli.completion").joinpath(f"amlplan.{shell}")
    Console(sys.stdout, sys.stderr).print(script.read_text(encoding="utf-8").rstrip("\n"))
    return 0
