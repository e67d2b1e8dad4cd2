"""What Python runs first in every process of a run: makes ready, changes nothing by itself.

Appends the folder `shims`, where a package is found that is installed nowhere else; lets a hook of
ours look at each module of `HOOKS` when the script has imported it; then runs the sitecustomize
that this one hides. Costs a script under 2 ms and never breaks it. Written in words that Python 2
reads too, which a script may start as a child.
"""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any  # noqa: F401 - in the comments of types

HOOKS = {"mlflow": "amlplan_run.mlflow_hook", "azureml.core.run": "amlplan_run.azureml_hook"}
"""Modules of ours that have `apply(module)`, by the module they wait for."""
FOLDER = os.path.dirname(os.path.abspath(__file__))


class Hooks(object):  # noqa: UP004 - Python 2
    """Finds no module itself: those of the table are found as ever, and followed by their hook."""

    def __init__(self, table):
        # type: (dict[str, str]) -> None
        self._table = dict(table)

    def find_spec(self, name, path=None, target=None):
        # type: (str, Any, Any) -> Any
        """What the other finders say, with the hook after it."""
        hook = self._table.get(name)
        if hook is None:
            return None
        for finder in list(sys.meta_path):
            find = getattr(finder, "find_spec", None)
            spec = find(name, path, target) if find and finder is not self else None
            if spec is not None:
                _follow(spec, hook)
                return spec
        return None


def _follow(spec, hook):
    # type: (Any, str) -> None
    """Let a module's own loader call the hook, so that the module is like any other after that."""
    loader = spec.loader
    execute = getattr(loader, "exec_module", None)
    if execute is None:  # a folder without __init__, or a loader of long ago
        return

    def execute_and_apply(module):
        # type: (Any) -> None
        vars(loader).pop("exec_module", None)
        execute(module)
        _apply(hook, module)

    try:
        loader.exec_module = execute_and_apply
    except AttributeError:  # a loader that cannot be changed
        _say("%s was imported in a way that cannot be followed" % spec.name)


def _apply(hook, module):
    # type: (str, Any) -> None
    try:
        from importlib import import_module

        import_module(hook).apply(module)
    except ImportError as failure:
        if getattr(failure, "name", None) != hook:
            _say("%s: %s" % (hook, failure))
    except Exception as failure:  # noqa: BLE001 - a defect of ours must not stop a training
        _say("%s: %s: %s" % (hook, type(failure).__name__, failure))


def _say(line):
    # type: (str) -> None
    stream = sys.stderr
    try:
        stream.write("amlplan_run: %s\n" % line)
    except Exception:  # noqa: BLE001, S110 - there is nobody to tell it to
        pass


def _run_hidden():
    # type: () -> None
    """Run the sitecustomize that Python would have run; what it raises is its own affair."""
    rest = [entry for entry in sys.path if os.path.abspath(entry or os.curdir) != FOLDER]
    # Not imported from importlib, which takes milliseconds under old versions.
    finders = [each for each in sys.meta_path if getattr(each, "__name__", "") == "PathFinder"]
    spec = finders[0].find_spec("sitecustomize", rest) if finders else None
    if spec is None or not hasattr(spec.loader, "exec_module"):
        return
    loader = spec.loader  # type: Any
    module = type(sys)("sitecustomize")
    module.__file__, module.__loader__, module.__spec__ = spec.origin, loader, spec
    sys.modules["sitecustomize"] = module
    loader.exec_module(module)


if sys.version_info >= (3, 6):
    sys.path.append(os.path.join(FOLDER, "shims"))
    sys.meta_path.insert(0, Hooks(HOOKS))
    _run_hidden()
