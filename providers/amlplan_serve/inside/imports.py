"""Finds what scripts import of Azure ML and what is not installed; a script's own comes first."""

import os
import sys
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import spec_from_file_location

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Optional

INSIDE = os.path.dirname(os.path.abspath(__file__))
PACKAGES = os.path.dirname(os.path.dirname(INSIDE))
FOLDERS = (
    os.path.join(INSIDE, "shims"),
    os.path.join(PACKAGES, "amlplan_run", "on_path", "shims"),
)
"""Packages by their dotted names; the first folder that has one counts."""
OURS = ("azureml", "azureml_inference_server_http")
MODELS_MODULE = "azureml.core.model"


class Finder:
    """Finds packages of ours; asked last, so that what is installed is never hidden."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> "Optional[ModuleSpec]":
        """Where a package comes from; None for those of others."""
        del path, target
        first = name.partition(".")[0]
        if name == "amlplan_run":
            return _package(name, PACKAGES)
        if first not in OURS:
            return None
        for folder in FOLDERS:
            found = _package(name, folder)
            if found is not None:
                return found
        return None


class ModelsHook:
    """Tells an installed Azure ML SDK where the models are, which it looks for in another place."""

    def find_spec(
        self,
        name: str,
        path: "Any" = None,
        target: object = None,
    ) -> "Optional[ModuleSpec]":
        """The module of models of the SDK, which is changed once it was executed."""
        del target
        if name != MODELS_MODULE:
            return None
        spec = PathFinder.find_spec(name, path)
        if spec is None or not hasattr(spec.loader, "exec_module"):
            return None
        loader = spec.loader  # type: Any
        execute = loader.exec_module

        def execute_and_tell(module: "Any") -> None:
            execute(module)
            module.MODELS_DIR = models_root()

        loader.exec_module = execute_and_tell
        return spec


def models_root() -> str:
    """The folder that has `NAME/VERSION` of each model."""
    given = os.path.join(os.environ.get("AZUREML_MODEL_DIR", ""), "")
    head, mark, _ = given.rpartition(os.sep + "azureml-models" + os.sep)
    return (head + mark).rstrip(os.sep) if mark else given


def install() -> None:
    """Let scripts import what they find in Azure ML's containers; called once."""
    sys.meta_path.insert(0, ModelsHook())
    sys.meta_path.append(Finder)


def _package(name: str, folder: str) -> "Optional[ModuleSpec]":
    place = os.path.join(folder, *name.split("."))
    init = os.path.join(place, "__init__.py")
    if not os.path.isfile(init):
        return None
    return spec_from_file_location(name, init, submodule_search_locations=[place])
