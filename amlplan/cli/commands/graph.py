"""`amlplan graph`: what refers to what, for Graphviz and Mermaid; evaluates nothing."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from amlplan.cli.console import Console
from amlplan.cli.options import Command, Option, flag
from amlplan.cli.reference_graph import reference_graph
from amlplan.cli.text.graph import dot_text, mermaid_text
from amlplan.project.folders import provider_context
from amlplan.registry import Registry

_FORMS = {"dot": dot_text, "mermaid": mermaid_text}


@click.command("graph", cls=Command)
@click.option(
    "--type",
    "form",
    cls=Option,
    type=click.Choice(list(_FORMS)),
    default="dot",
    help="The language to print it in; dot where it is left out.",
)
@flag("all", "Show locals, variables, outputs and calls of modules too.")
def command(*, form: str, all: bool) -> int:  # noqa: A002 - the option's name
    """Show what refers to what, as a graph."""
    root = Path.cwd()
    graph = reference_graph(root, Registry(provider_context(root)), everything=all)
    Console(sys.stdout, sys.stderr).print(_FORMS[form](graph))
    return 0
