"""`amlplan image`: what lies on the targets that build images, and what of it may go."""

from __future__ import annotations

import sys
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

import click

from amlplan.abilities import KeepsImages
from amlplan.cli.console import Console
from amlplan.cli.options import Command, CommandGroup, Option, flag
from amlplan.cli.recorded import recorded_with_targets
from amlplan.cli.removal import is_removal_approved
from amlplan.cli.text.images import amount_of_images, images_json, images_table
from amlplan.cli.text.json_text import json_text
from amlplan.cli.text.run_json import FORMAT_VERSION
from amlplan.cli.text.runs import size_text
from amlplan.errors import EXIT_ERROR, PlanError, ProviderError
from amlplan.project.connected import connected_state
from amlplan.project.folders import provider_context
from amlplan.project.opening import read_state
from amlplan.provider import has
from amlplan.registry import Registry
from amlplan.wording import suggestion

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from amlplan.abilities import StoredImage
    from amlplan_schemas.state import Record

BLOCK = "image"
TARGET = click.option(
    "--on", "target", cls=Option, metavar="ADDR", help="Of this compute target alone."
)

NAME = click.option(
    "--name", cls=Option, metavar="NAME", help="Images of this name alone; * is any text."
)


@click.group("image", cls=CommandGroup)
def command() -> None:
    """Look at images on the targets that build them, and clear old ones away."""


class _Builders:
    """The compute targets of the state that keep images, each with what knows them."""

    def __init__(self, target: str | None) -> None:
        state = connected_state(read_state())
        self._records = list(state.records.values()) if state is not None else []
        self._registry = Registry(provider_context(Path.cwd()))
        self.known = {
            record.address: (record, keeper)
            for record in self._records
            if (keeper := self._keeper(record)) is not None
        }
        if target is None:
            return
        address = target if target.startswith("compute.") else f"compute.{target}"
        if address not in self.known:
            there = ", ".join(self.known) or "none"
            hint = suggestion(address, self.known) or f" There are: {there}."
            raise PlanError(
                "No such target", f"No compute target {address} in the state keeps images.{hint}"
            )
        self.known = {address: self.known[address]}

    def _keeper(self, record: Record) -> KeepsImages | None:
        block, _, target = record.kind.partition(".")
        kind = f"image@{target}"
        if block != "compute" or not record.outputs.values or kind not in self._registry.kinds:
            return None
        provider = self._registry.provider(kind)
        return provider if has(provider, KeepsImages) else None

    def stored(self, name: str | None) -> dict[str, Sequence[StoredImage]]:
        return {
            address: [
                image
                for image in keeper.stored(record, self._records)
                if name is None or fnmatch(_name_of(image), name)
            ]
            for address, (record, keeper) in self.known.items()
        }

    def discard(
        self, unused: Mapping[str, Sequence[StoredImage]]
    ) -> dict[str, Sequence[StoredImage]]:
        return {
            address: self.known[address][1].discard(self.known[address][0], images)
            for address, images in unused.items()
        }


def _name_of(image: StoredImage) -> str:
    """What an image is called, without where it lies and which it is."""
    return image.names[0].rpartition("/")[2].partition(":")[0] if image.names else ""


@command.command("list", cls=Command)
@TARGET
@NAME
@flag("json", "Print for machines.")
def list_command(target: str | None, name: str | None, *, json: bool) -> int:
    """List the images on each compute target, and who uses them."""
    console = Console(sys.stdout, sys.stderr)
    found = _Builders(target).stored(name)
    if json:
        shown = images_json(found)
        console.print(json_text({"format_version": FORMAT_VERSION, "images": shown}))
    elif any(found.values()):
        console.print(images_table(found))
    else:
        console.print("No images on a compute target yet. Write a block image with a builder.")
    return 0


@command.command("gc", cls=Command)
@TARGET
@NAME
@flag("dry-run", "Show what would go, and change nothing.")
@flag("auto-approve", "Do not ask.")
@flag("json", "Print for machines.")
def gc_command(
    target: str | None, name: str | None, *, dry_run: bool, auto_approve: bool, json: bool
) -> int:
    """Clear away images that nothing uses any more.

    An image stays while a container was made from it, while it is the newest of its block in any
    state, and while a deployment keeps a revision of it, whoever shares the target.
    """
    console = Console(sys.stdout, sys.stderr)
    builders = _Builders(target)
    unused = {
        address: [image for image in images if not image.used_by]
        for address, images in builders.stored(name).items()
    }
    is_empty = not any(unused.values())
    if not json:
        console.print("Nothing is to be cleared away." if is_empty else _told(unused))
    is_approved = not dry_run and not is_empty
    if is_approved and not auto_approve and not is_removal_approved(console, is_json=json):
        console.print("\nCancelled: nothing was removed.")
        return EXIT_ERROR
    found: Mapping[str, Sequence[StoredImage]] = unused
    if is_approved:
        found = builders.discard(unused)
    if json:
        document = {"format_version": FORMAT_VERSION, "done": is_approved}
        console.print(json_text({**document, "images": images_json(found)}))
    elif is_approved:
        console.print(f"\nCleared away: {_amounts(found)}.")
    return 0


@command.command("verify", cls=Command)
@click.argument("name")
@flag("json", "Print for machines.")
def verify_command(name: str, *, json: bool) -> int:
    """Read all of image NAME back, and compare its bytes with what they were; else exit with 1."""
    console = Console(sys.stdout, sys.stderr)
    found = recorded_with_targets(BLOCK, name)
    provider = Registry(provider_context(Path.cwd())).provider(found.record.kind)
    if not has(provider, KeepsImages):
        raise ProviderError(
            "Not possible for this kind",
            f"{found.record.address} is a bundle on this host, which amlplan drift reads whole.",
        )
    damage = list(provider.damage(found.record, found.targets))
    outputs = found.record.outputs.values
    if json:
        document = {"format_version": FORMAT_VERSION, "id": outputs["image_id"]}
        console.print(json_text({**document, "damage": damage}))
    elif damage:
        console.print("\n".join([f"{found.record.address} is damaged:", *damage]))
        console.print(f"Remove it there (docker image rm -f {outputs['tag']}), then: amlplan apply")
    else:
        console.print(f"{found.record.address} is what it was: {outputs['image_id']}")
    return EXIT_ERROR if damage else 0


def _told(unused: Mapping[str, Sequence[StoredImage]]) -> str:
    return f"{images_table(unused)}\n\nTo be cleared away: {_amounts(unused)}."


def _amounts(found: Mapping[str, Sequence[StoredImage]]) -> str:
    every = [image for images in found.values() for image in images]
    size = size_text(sum(image.size for image in every))
    return f"{amount_of_images(every)}, {size} with what they share with others"
