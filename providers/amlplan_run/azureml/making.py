"""Makes what a name of the SDK stands for: what works, or what raises when it is called."""

from importlib import import_module

from amlplan_run.azureml.names import kind_of, table
from amlplan_run.azureml.supported import SUPPORTED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict

_made: "Dict[str, Any]" = {}


def look_up(module: str, name: str) -> "Any":
    """What a module has under a name; raises AttributeError as a module does."""
    origin = "%s:%s" % (module, name)
    while origin not in SUPPORTED:
        there, _, inner = origin.partition(":")
        further = table().get(there, {}).get("from", {}).get(inner)
        if further is None:
            break
        origin = further
    if origin not in _made:
        _made[origin] = _make(origin, module)
    return _made[origin]


def _make(origin: str, asked: str) -> "Any":
    module, _, name = origin.partition(":")
    if origin in SUPPORTED:
        place, _, inner = SUPPORTED[origin].partition(":")
        return getattr(import_module("amlplan_run.azureml." + place), inner)
    kind = kind_of(module, name)
    if not kind:
        raise AttributeError("module %r has no attribute %r" % (asked, name))
    if kind == "error":
        return _error(module, name)
    from amlplan_run.azureml.unsupported import Unsupported, UnsupportedType

    full = "%s.%s" % (_shown(module), name)
    return (
        UnsupportedType(name, (), {"__module__": module}) if kind == "class" else Unsupported(full)
    )


def _error(module: str, name: str) -> type:
    """An exception of the SDK, which nothing raises here but scripts catch."""
    import builtins

    base = table()[module]["error"][name]
    parent = look_up(*base.split(":")) if ":" in base else getattr(builtins, base)
    return type(name, (parent,), {"__module__": module})


def _shown(module: str) -> str:
    """A module as people know it: without the parts that are private."""
    return ".".join(part for part in module.split(".") if not part.startswith("_"))
