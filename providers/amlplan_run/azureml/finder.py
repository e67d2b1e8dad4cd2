"""Finds the modules of `azureml` that scripts import, and makes what is in them on first use."""

import sys
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder

from amlplan_run.azureml.making import look_up
from amlplan_run.azureml.names import names_of, table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, List, Optional

else:
    ModuleType = type(sys)  # types takes milliseconds to import under old versions

_CORE = "azureml.core"


class ShimModule(ModuleType):
    """A module whose names are made when they are asked for."""

    __name__: str

    def __getattr__(self, name: str) -> object:
        if name == "__all__":
            return [each for each in names_of(self.__name__) if not each.startswith("_")]
        if name.startswith("__") and name != "__version__":
            raise AttributeError(name)
        inner = "%s.%s" % (self.__name__, name)
        made = import_module(inner) if inner in table() else look_up(self.__name__, name)
        setattr(self, name, made)
        return made

    def __dir__(self) -> "List[str]":
        return sorted({*vars(self), *names_of(self.__name__)})


class Finder:
    """Finds and loads the modules that the list of names has."""

    @classmethod
    def find_spec(
        cls, name: str, path: object = None, target: object = None
    ) -> "Optional[ModuleSpec]":
        """Where a module of ours comes from; None for those of others."""
        if not name.startswith("azureml.") or name not in table():
            return None
        inner = name + "."
        return ModuleSpec(
            name,
            cls(),  # type: ignore[arg-type]
            origin=__file__,
            is_package=any(each.startswith(inner) for each in table()),
        )

    def create_module(self, spec: "ModuleSpec") -> "Any":
        """An empty module that fills itself."""
        return ShimModule(spec.name)

    def exec_module(self, module: object) -> None:
        """Nothing is left to do."""


def become(name: str) -> None:
    """Make the module of a file in `shims` one that fills itself, and find those below it.

    Raises ModuleNotFoundError where the SDK itself is installed, without this part of it: it asks
    for parts that it can do without, and must not be given ours.
    """
    if name != _CORE and _is_core_installed(name):
        raise ModuleNotFoundError("No module named %r" % name, name=name)
    if not any(isinstance(finder, type) and finder is Finder for finder in sys.meta_path):
        sys.meta_path.append(Finder)
    sys.modules[name].__class__ = ShimModule


def _is_core_installed(name: str) -> bool:
    spec = PathFinder.find_spec(_CORE, sys.modules["azureml"].__path__)
    shims = sys.modules[name].__spec__
    if spec is None or spec.origin is None or shims is None or shims.origin is None:
        return False
    ours = shims.origin[: shims.origin.rindex("azureml")]
    return not spec.origin.startswith(ours)
