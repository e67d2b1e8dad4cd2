"""Mappings as flask's requests have them: several values of a name, names without case."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterable, List, Tuple

    _Base = Dict[str, Any]
else:
    _Base = dict


class Several(_Base):
    """The first value of each name; `getlist` has all of them."""

    def __init__(self, pairs: "Iterable[Tuple[str, Any]]") -> None:
        super().__init__()
        self._lists = {}  # type: Dict[str, List[Any]]
        for name, value in pairs:
            self.setdefault(name, value)
            self._lists.setdefault(name, []).append(value)

    def get(self, key: str, default: "Any" = None, type: "Any" = None) -> "Any":  # noqa: A002
        """The first value, made into a type; the default where there is none of that type."""
        try:
            return self[key] if type is None else type(self[key])
        except (KeyError, ValueError, TypeError):
            return default

    def getlist(self, key: str, type: "Any" = None) -> "List[Any]":  # noqa: A002
        """All values of a name that can be made into a type."""
        values = self._lists.get(key, [])
        return list(values) if type is None else list(_made(values, type))

    def lists(self) -> "Iterable[Tuple[str, List[Any]]]":
        """Each name with all its values."""
        return ((name, list(values)) for name, values in self._lists.items())

    def to_dict(self, flat: bool = True) -> "Dict[str, Any]":  # noqa: FBT001, FBT002 - flask's
        """A plain dictionary, of lists where it is not flat."""
        return dict(self) if flat else dict(self.lists())


class Headers(Several):
    """Headers, which are found in whatever case their names are asked for."""

    def __getitem__(self, key: str) -> "Any":
        return super().__getitem__(key.title())

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and super().__contains__(key.title())

    def get(self, key: str, default: "Any" = None, type: "Any" = None) -> "Any":  # noqa: A002
        """The value of a header."""
        return super().get(key.title(), default, type)

    def getlist(self, key: str, type: "Any" = None) -> "List[Any]":  # noqa: A002
        """The values of a header."""
        return super().getlist(key.title(), type)


def _made(values: "List[Any]", kind: "Any") -> "Iterable[Any]":
    for value in values:
        try:
            yield kind(value)
        except (ValueError, TypeError):
            continue
