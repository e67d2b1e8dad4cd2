"""The document in a workspace's folder: whose folder it is and who may do what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from amlplan.files import encode, write_file, write_new
from amlplan_schemas.base import Stored

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENT = "workspace.json"
DOCUMENT_FORMAT = 1


class Document(Stored):
    """One workspace as its folder keeps it. `identity` is the key of the record that claims it."""

    format_version: int = DOCUMENT_FORMAT
    id: str
    name: str
    identity: str
    creator: str
    owners: tuple[str, ...] = ()
    contributors: tuple[str, ...] = ()
    readers: tuple[str, ...] = ()
    detached: bool = False


class UnreadableError(Exception):
    """A document is there and cannot be used; `why` says it in sentences, with what to do."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def read_document(folder: Path) -> Document | None:
    """The document of a folder, None where there is none; raises UnreadableError."""
    path = folder / DOCUMENT
    try:
        text = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as failure:
        raise UnreadableError(
            f"{path} cannot be read: {failure.strerror}. Make it readable for this user, then try "
            "again."
        ) from None
    try:
        document = Document.model_validate_json(text)
    except ValidationError:
        raise UnreadableError(
            f"{path} is broken: it is not what amlplan wrote. Restore it from a backup; or, to "
            "give the workspace up and keep its data, move the file away and plan again."
        ) from None
    if document.format_version > DOCUMENT_FORMAT:
        raise UnreadableError(f"{path} was written by a newer amlplan. Upgrade this one.")
    return document


def write_document(folder: Path, document: Document, *, only_new: bool = False) -> bool:
    """Write the document; whether it was written, which with `only_new` it is not over another."""
    data = encode(document.model_dump(mode="json"))
    if only_new:
        return write_new(folder / DOCUMENT, data)
    write_file(folder / DOCUMENT, data)
    return True
