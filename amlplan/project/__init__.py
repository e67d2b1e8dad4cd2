"""A project: its configuration, providers, lock and state, opened for one command or program.

    from amlplan.project import Project

    plan = Project("infrastructure").plan()

What programs use is imported when they ask for it: no command needs all of it.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from amlplan.project.interface import Application, Project
    from amlplan_schemas.plan import PlanOptions

__all__ = ["Application", "PlanOptions", "Project"]


def __getattr__(name: str) -> Any:
    """Give what is public here, importing it now."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from amlplan.project import interface

    return getattr(interface, name)
