"""Images that deployments stand for which name a script and an environment in place of one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from amlplan.addresses import CHOSEN
from amlplan.config.blocks import LifecycleBlock, ResourceBlock
from amlplan.config.syntax.nodes import (
    Attribute,
    Block,
    Index,
    Step,
    Traversal,
    TupleConstructor,
)
from amlplan.diagnostics import error

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.config.blocks import Configuration
    from amlplan.config.syntax.nodes import Expression
    from amlplan.diagnostics import Diagnostic

IMAGE: Final = "image"
DEPLOYMENT: Final = "deployment"
_MOVED: Final = ("model", "entry_script", "source_dir", "environment")
"""The arguments of a deployment that are its image's."""
_SHARED: Final = ("name", "workspace", "for_each", "count")
_NEEDED: Final = frozenset({"entry_script", "environment"})
_KEYS: Final = {"for_each": ("each", "key"), "count": ("count", "index")}


def derive_images(configuration: Configuration, kinds: frozenset[str]) -> list[Diagnostic]:
    """Give each deployment that stands for one an image block of its name, and refer to that.

    `kinds` are those that an image may have: where one is chosen by its builder, that is the
    deployment's target. Gives what is wrong.
    """
    problems: list[Diagnostic] = []
    has_builder = any(CHOSEN in kind for kind in kinds)
    for module in configuration.modules():
        for address, block in list(module.resources.items()):
            written = block.body.attributes
            if block.block != DEPLOYMENT or "image" in written or not written.keys() >= _NEEDED:
                continue
            image = f"{IMAGE}.{block.label}"
            if image in module.resources:
                problems.append(_there_already(block, module.resources[image]))
                continue
            module.resources[image] = _image(block, image, has_builder=has_builder)
            module.resources[address] = _with_image(block)
    return problems


def _image(block: ResourceBlock, address: str, *, has_builder: bool) -> ResourceBlock:
    """The image of a deployment, whose arguments stand where the deployment has them."""
    written = block.body.attributes
    found = {name: item for name, item in written.items() if name in {*_MOVED, *_SHARED}}
    if "model" in found:
        model = found.pop("model")
        expression = model.expression
        models = TupleConstructor([expression], expression.start, expression.end)
        found["models"] = replace(model, name="models", expression=models)
    if has_builder and "target" in written:
        found["builder"] = replace(written["target"], name="builder")
    lifecycle = _enabled(block)
    body = replace(block.body, attributes=found, blocks=_lifecycle_of(block))
    return replace(
        block,
        address=address,
        block=IMAGE,
        kind=IMAGE,
        body=body,
        lifecycle=lifecycle,
        derived_from=block.address,
    )


def _enabled(block: ResourceBlock) -> LifecycleBlock | None:
    """What says whether there is one: the image is there when its deployment is."""
    arguments = block.lifecycle.arguments if block.lifecycle is not None else {}
    kept = {name: item for name, item in arguments.items() if name == "enabled"}
    return LifecycleBlock(kept) if kept else None


def _lifecycle_of(block: ResourceBlock) -> list[Block]:
    """The same as it is written, since references are looked for there."""
    return [
        replace(
            inner,
            body=replace(
                inner.body,
                attributes=_only(inner.body.attributes, "enabled"),
                blocks=[],
            ),
        )
        for inner in block.body.blocks
        if inner.type == "lifecycle"
    ]


def _only(attributes: Mapping[str, Attribute], name: str) -> dict[str, Attribute]:
    return {name: attributes[name]} if name in attributes else {}


def _with_image(block: ResourceBlock) -> ResourceBlock:
    """The deployment with a reference to its image in place of what that is made from."""
    written = block.body.attributes
    script = written["entry_script"]
    attributes = {name: item for name, item in written.items() if name not in _MOVED}
    attributes["image"] = replace(script, name="image", expression=_reference(block, script))
    return replace(block, body=replace(block.body, attributes=attributes))


def _reference(block: ResourceBlock, at: Attribute) -> Expression:
    """`image.label`, with the key of each where the block is repeated."""
    start, end = at.expression.start, at.expression.end
    label = Step(block.label, True, start, end)  # noqa: FBT003 - a node, as the parser makes it
    found: Expression = Traversal(IMAGE, [label], start, start, end)
    for argument, (root, name) in _KEYS.items():
        if argument in block.body.attributes:
            key = Traversal(root, [Step(name, True, start, end)], start, start, end)  # noqa: FBT003
            found = Index(found, key, start, end)
    return found


def _there_already(block: ResourceBlock, image: ResourceBlock) -> Diagnostic:
    line = image.header.position_of(image.header.start).line
    return error(
        "duplicate_resource",
        "Duplicate resource",
        f"{block.address} has a script and an environment in place of an image, so it stands for "
        f"{image.address} too, which was declared at {image.source.filename}:{line} already. Name "
        f"that: image = {image.address}, or give one of them another label.",
        block.header,
        context=block.context,
        address=block.address,
    )
