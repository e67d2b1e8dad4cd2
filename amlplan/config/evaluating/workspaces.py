"""The workspace of each block that names none: the only one of its module, or that by default."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.config.evaluating.parts import REPEATING
from amlplan.config.locate import argument_range
from amlplan.config.static import static_value
from amlplan.diagnostics import Diagnostic, error
from amlplan_schemas.base import reference_fields

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.config.blocks import Configuration, ResourceBlock
    from amlplan_schemas.base import ResourceInputs


def implied_references(
    configuration: Configuration, models: Mapping[str, type[ResourceInputs]]
) -> dict[str, dict[str, str]]:
    """By the name of each block's node, the field that it may leave out and the node it takes.

    A block without one, where there is none to take, is reported in the configuration.
    """
    implied: dict[str, dict[str, str]] = {}
    for module in configuration.modules():
        workspaces = [block for block in module.resources.values() if block.block == "workspace"]
        default = _default_workspace(workspaces)
        taken = {} if default is None else {"workspace": f"{module.prefix}{default.address}"}
        for block in module.resources.values():
            model = models.get(block.kind)
            if model is None or "workspace" not in reference_fields(model):
                continue
            written = block.body.attributes.get("workspace")
            if written and static_value(written.expression, block.source) != (None, True):
                continue
            if taken:
                implied[f"{module.prefix}{block.address}"] = taken
            else:
                configuration.diagnostics.append(_no_workspace(block, workspaces))
    return implied


def _default_workspace(workspaces: list[ResourceBlock]) -> ResourceBlock | None:
    single = [block for block in workspaces if not block.body.attributes.keys() & REPEATING]
    if len(workspaces) == len(single) == 1:
        return single[0]
    defaults = [block for block in single if _says_default(block)]
    return defaults[0] if defaults else None


def _says_default(block: ResourceBlock) -> bool:
    attribute = block.body.attributes.get("default")
    return attribute is not None and static_value(attribute.expression, block.source)[0] is True


def _no_workspace(block: ResourceBlock, workspaces: list[ResourceBlock]) -> Diagnostic:
    if workspaces:
        names = ", ".join(item.address for item in workspaces)
        what = f"There are several workspaces ({names}) and none is the default"
        advice = f"Write workspace = {workspaces[0].address}, or default = true in one of them."
    else:
        what = "There is no workspace block that it could belong to"
        advice = 'Add one, as in: workspace "main" {}'
    return error(
        "no_workspace",
        "Missing required argument",
        f'The argument "workspace" is required here. {what}. {advice}',
        argument_range(block, ("workspace",)),
        context=block.context,
        address=block.address,
    )
