"""Types that a value can be asked to have."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from amlplan.values import Value


@dataclass(frozen=True, slots=True)
class ObjectAttribute:
    """What an object type says of one attribute; an optional one left out gets `default`."""

    type: Type
    is_optional: bool = False
    default: Value = None


@dataclass(frozen=True, slots=True)
class Type:
    """A type: `kind` is the word it is written with.

    `element` belongs to list, set and map, `attributes` to object, `items` to tuple.
    """

    kind: str
    element: Type | None = None
    attributes: dict[str, ObjectAttribute] = field(default_factory=dict)
    items: tuple[Type, ...] = ()

    def __hash__(self) -> int:
        return hash(str(self))

    @property
    def is_open(self) -> bool:
        """Whether `any` stands somewhere in it, to be found from the value."""
        inner = (*self.items, *(item.type for item in self.attributes.values()))
        if self.element is not None:
            return self.element.is_open
        return self.kind == "any" or any(item.is_open for item in inner)

    def without_optional(self) -> Type:
        """Give the type that values have which were converted to this one."""
        return Type(
            self.kind,
            self.element.without_optional() if self.element is not None else None,
            {
                name: ObjectAttribute(item.type.without_optional())
                for name, item in self.attributes.items()
            },
            tuple(item.without_optional() for item in self.items),
        )

    def __str__(self) -> str:
        if self.kind == "object":
            inner = ", ".join(f"{name} = {item.type}" for name, item in self.attributes.items())
            return f"object({{{inner}}})"
        if self.kind == "tuple":
            return f"tuple([{', '.join(map(str, self.items))}])"
        return f"{self.kind}({self.element})" if self.element else self.kind


STRING: Final = Type("string")
NUMBER: Final = Type("number")
BOOL: Final = Type("bool")
ANY: Final = Type("any")
LIST: Final = Type("list", ANY)
STRINGS: Final = Type("list", STRING)
SET: Final = Type("set", ANY)
MAP: Final = Type("map", ANY)
