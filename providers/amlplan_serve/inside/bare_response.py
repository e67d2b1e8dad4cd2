"""A response for scripts where flask is not installed."""

from amlplan_serve.inside.values import Headers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Tuple


class ManyHeaders(Headers):
    """Headers that a response is given, one of which may come several times."""

    def __init__(self) -> None:
        super().__init__(())

    def __setitem__(self, key: str, value: "Any") -> None:
        super().__setitem__(key.title(), _one_line(value))
        self._lists[key.title()] = [str(value)]

    def __delitem__(self, key: str) -> None:
        self.remove(key)

    def add(self, key: str, value: "Any") -> None:
        """Have one more header of a name."""
        if key not in self:
            self[key] = value
        else:
            self._lists[key.title()].append(_one_line(value))

    add_header = add

    def remove(self, key: str) -> None:
        """Have no header of a name any more."""
        super().pop(key.title(), None)
        self._lists.pop(key.title(), None)

    def items(self) -> "List[Tuple[str, str]]":  # type: ignore[override]
        """Each header with each of its values."""
        return [(name, value) for name, values in self._lists.items() for value in values]


class BareResponse:
    """A status, headers and a body; the body is bytes, text, or pieces of these."""

    def __init__(
        self,
        response: "Any" = None,
        status: "Optional[int]" = None,
        headers: "Optional[Dict[str, str]]" = None,
        mimetype: "Optional[str]" = None,
        content_type: "Optional[str]" = None,
    ) -> None:
        self.response = response
        self.status_code = 200 if status is None else int(status)
        self.headers = ManyHeaders()
        self.headers["Content-Type"] = content_type or _with_charset(mimetype or "text/html")
        for name, value in (headers or {}).items():
            self.headers[name] = value

    def get_data(self, as_text: bool = False) -> "Any":  # noqa: FBT001, FBT002 - as in flask
        """The body as a whole."""
        given = self.response
        pieces = [given] if given is None or isinstance(given, (str, bytes, bytearray)) else given
        body = b"".join(_bytes_of(piece) for piece in pieces)
        return body.decode("utf-8", "replace") if as_text else body

    def set_data(self, value: "Any") -> None:
        """Give it another body."""
        self.response = value

    data = property(get_data, set_data)

    @property
    def content_type(self) -> "Any":
        """What the body is."""
        return self.headers.get("Content-Type")

    @content_type.setter
    def content_type(self, value: str) -> None:
        self.headers["Content-Type"] = value


def _one_line(value: object) -> str:
    text = str(value)
    if "\r" in text or "\n" in text:
        raise ValueError("Header values must not contain line breaks.")
    return text


def _with_charset(mimetype: str) -> str:
    return mimetype + "; charset=utf-8" if mimetype.startswith("text/") else mimetype


def _bytes_of(piece: "Any") -> bytes:
    if piece is None:
        return b""
    return piece.encode() if isinstance(piece, str) else bytes(piece)
