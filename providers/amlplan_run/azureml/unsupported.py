"""What stands for names of the SDK that do not work here: it raises when called, not before."""

from amlplan_run.azureml.errors import NotSupportedError
from amlplan_run.azureml.instead import instead_of
from amlplan_run.azureml.names import members_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PAGE = "docs/azureml.md"


class UnsupportedType(type):
    """A class of the SDK: scripts may import it, derive from it, and test for it."""

    def __call__(cls, *_: object, **__: object) -> "Any":
        """Raise NotSupportedError."""
        raise refusal("%s.%s" % (public(cls.__module__), cls.__name__))

    def __getattr__(cls, name: str) -> "Any":
        if name.startswith("_"):
            raise AttributeError(name)
        return Unsupported("%s.%s.%s" % (public(cls.__module__), cls.__name__, name))


class Unsupported:
    """A function, a constant or a member of the SDK."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return "<%s, not supported under amlplan>" % self._name

    def __getattr__(self, name: str) -> "Unsupported":
        if name.startswith("_"):
            raise AttributeError(name)
        return Unsupported("%s.%s" % (self._name, name))

    def __call__(self, *_: object, **__: object) -> "Any":
        """Raise NotSupportedError."""
        raise refusal(self._name)

    def __iter__(self) -> "Any":
        raise refusal(self._name)

    def __getitem__(self, _: object) -> "Any":
        raise refusal(self._name)

    def __enter__(self) -> "Any":
        raise refusal(self._name)

    def __exit__(self, *_: object) -> None:
        """Never reached."""


class SupportedType(type):
    """A class that works here; those members of it that do not raise when they are called."""

    origin = ""
    """Its place in the SDK, `module:name`."""

    def __getattr__(cls, name: str) -> "Any":
        return missing_member(cls, name)


class Supported(metaclass=SupportedType):
    """The base of what works here."""

    def __getattr__(self, name: str) -> "Any":
        return missing_member(type(self), name)


def missing_member(cls: SupportedType, name: str) -> Unsupported:
    """A member that the SDK has and amlplan has not; raises AttributeError where neither has it."""
    if not name.startswith("_"):
        for each in cls.__mro__:
            origin = vars(each).get("origin", "")
            if isinstance(origin, str) and name in members_of(origin):
                return Unsupported("%s.%s" % (public(origin.replace(":", ".")), name))
    raise AttributeError("%r has no attribute %r" % (cls.__name__, name))


def public(module: str) -> str:
    """A dotted name without its private parts."""
    return ".".join(part for part in module.split(".") if not part.startswith("_"))


def refusal(name: str) -> NotSupportedError:
    """The error for a name that does not work here."""
    return NotSupportedError(
        "%s is not supported under amlplan. %s See %s." % (name, instead_of(name), PAGE)
    )
