"""Makes an installed Azure ML SDK know the run: its `Run.get_context` gives ours."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def apply(module: "Any") -> None:
    """Change `azureml.core.run` after its import; the shim's own module is left as it is."""
    import os

    if "AMLPLAN_RUN_ID" not in os.environ or type(module).__name__ == "ShimModule":
        return
    joined = joined_class(module.Run, getattr(module, "_SubmittedRun", module.Run))
    module.Run.get_context = joined.get_context
    module.Run.get_submitted_run = joined.get_submitted_run


def joined_class(run: type, submitted: type) -> "Any":
    """A class of runs that works here and passes for the SDK's own wherever that is tested."""
    from amlplan_run.azureml.run import Run
    from amlplan_run.azureml.unsupported import Unsupported

    kinds = [type(Run), type(submitted)]
    if issubclass(type(Run), type(submitted)):
        kinds = kinds[:1]
    members = {"__module__": run.__module__, "__init__": Run.__init__}  # type: Any
    members["__str__"] = members["_repr_html_"] = Run.__repr__
    # What only the SDK has would work on an object that has none of its parts.
    ours = {name for each in Run.__mro__ for name in vars(each)}
    for name in dir(submitted):
        if not name.startswith("_") and name not in ours:
            members[name] = Unsupported("azureml.core.run.Run." + name)
    return type("Kind", tuple(kinds), {})("Run", (Run, submitted), members)
