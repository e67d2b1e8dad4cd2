"""What is wrong, and what is not used, in the files that run configurations name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.config.azureml.expand import expanded
from amlplan.config.azureml.runconfig import read_runconfig
from amlplan.diagnostics import error
from amlplan.errors import AmlplanError, ConfigError
from amlplan.planning.implied_environments import implied_environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from amlplan.config.blocks import ResourceBlock
    from amlplan.config.check import Checked
    from amlplan.diagnostics import Diagnostic
    from amlplan.planning.want import Wanted


def mistakes_in_files(block: ResourceBlock, checked: Checked, root: Path) -> list[Diagnostic]:
    """What keeps a block from being run that its files say, each with its place there."""
    try:
        if checked.model is not None:
            expanded(checked.model, root)
        elif checked.values.get("from_runconfig") is not None:
            read_runconfig(root, checked.values["from_runconfig"])
        implied_environment(block.kind, checked.values, root)
    except ConfigError as failure:
        return [item.within("", block.address) for item in failure.diagnostics]
    except AmlplanError as failure:
        found = error(failure.code, failure.summary, failure.detail, block.header)
        return [found.within(block.context, block.address)]
    return []


def remarks_on_files(wanted: Wanted, root: Path) -> Iterator[Diagnostic]:
    """What amlplan does not do of what the files say, as warnings."""
    name = wanted.checked.values.get("from_runconfig")
    if name is not None:
        for item in read_runconfig(root, name).remarks:
            yield item.within("", wanted.block.address)
