"""Forms in bodies: fields and uploaded files, as browsers and curl send them."""

import io
import shutil
import urllib.parse
from email.message import Message
from email.utils import collapse_rfc2231_value

from amlplan_serve.inside.values import Headers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List, Optional, Tuple

MULTIPART = "multipart/form-data"
URL_ENCODED = "application/x-www-form-urlencoded"


class UploadedFile(io.BytesIO):
    """A file out of a form, with the attributes that it has in flask."""

    def __init__(self, content: bytes, name: str, filename: str, headers: Headers) -> None:
        super().__init__(content)
        self.name = name
        self.filename = filename
        self.headers = headers
        self.content_length = len(content)

    @property
    def content_type(self) -> "Optional[str]":
        """What the client says it is."""
        return self.headers.get("Content-Type")  # type: ignore[no-any-return]

    @property
    def mimetype(self) -> str:
        """The content type without its parameters."""
        return (self.content_type or "").partition(";")[0].strip().lower()

    @property
    def stream(self) -> "UploadedFile":
        """The file itself, which can be read."""
        return self

    def save(self, dst: "Any", buffer_size: int = 16384) -> None:
        """Write it to a path or an open file."""
        if hasattr(dst, "write"):
            shutil.copyfileobj(self, dst, buffer_size)
            return
        with open(dst, "wb") as file:
            shutil.copyfileobj(self, file, buffer_size)


def parameter_of(header: "Optional[str]", name: str) -> "Optional[str]":
    """A parameter of a header, as the boundary in `multipart/form-data; boundary=x`."""
    message = Message()
    message["content-type"] = (header or "").replace("\r", " ").replace("\n", " ")
    found = message.get_param(name)
    # One that is written in a character set of its own comes in parts.
    if isinstance(found, tuple):
        return collapse_rfc2231_value(found)
    return found.replace("%22", '"') if found else found  # as browsers write it


def form_of(
    content_type: str, body: bytes
) -> "Tuple[List[Tuple[str, str]], List[Tuple[str, UploadedFile]]]":
    """The fields and the files of a body; none where it is no form."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == URL_ENCODED:
        text = body.decode("utf-8", "replace")
        return urllib.parse.parse_qsl(text, keep_blank_values=True), []
    fields, files = [], []
    boundary = parameter_of(content_type, "boundary") if kind == MULTIPART else None
    for headers, content in _parts(body, boundary.encode() if boundary else None):
        disposition = headers.get("Content-Disposition")
        name, filename = parameter_of(disposition, "name"), parameter_of(disposition, "filename")
        if name is None:
            continue
        if filename is None:
            fields.append((name, content.decode("utf-8", "replace")))
        else:
            files.append((name, UploadedFile(content, name, filename, headers)))
    return fields, files


def _parts(body: bytes, boundary: "Optional[bytes]") -> "List[Tuple[Headers, bytes]]":
    """The parts between boundaries; none of them where the last boundary did not come."""
    found = []  # type: List[Tuple[Headers, bytes]]
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary) if boundary else []
    for piece in pieces[1:]:
        if piece.startswith(b"--"):
            return found
        head, _, content = piece.partition(b"\r\n\r\n")
        lines = head.decode("utf-8", "replace").split("\r\n")
        pairs = (line.partition(":") for line in lines if ":" in line)
        headers = Headers((name.strip().title(), value.strip()) for name, _, value in pairs)
        found.append((headers, content))
    return []
