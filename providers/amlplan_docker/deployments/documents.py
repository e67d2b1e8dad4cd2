"""The documents of a deployment, on the engine: in the volume of its front.

There every member who reaches the engine finds them, whoever applied last. Files are put into the
container and read from it by archives, which works whether it runs or not.
"""

from __future__ import annotations

import io
import json
import secrets
import tarfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pydantic import Field, ValidationError

from amlplan.errors import ProviderError
from amlplan_deployments.keys import KEY_NAMES
from amlplan_deployments.revisions import Revision
from amlplan_docker.engine.failures import NotThereError
from amlplan_schemas.base import JsonValue, Stored

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from amlplan_docker.engine.client import Engine

DATA = "/amlplan/data"
"""Where the front has its volume."""
KEYS = "keys.json"
CERTIFICATE, PRIVATE_KEY, SETTINGS = "tls.crt", "tls.key", "front.json"
_PLACES = ("deployment-0.json", "deployment-1.json")
"""The document is written to these in turn, so that one of them is whole at any time."""


class Document(Stored):
    """A deployment as it is kept; it holds no secret.

    `port` is the one that was chosen or asked for, `listen` the address of the host that it is on.
    `active` is the revision that serves, `last` the newest that ever did; a number is given for
    good once its revision serves. `salt` salts digests of secrets.
    """

    format_version: int = 1
    serial: int = 0
    identity: str
    name: str
    salt: str
    listen: str | None = None
    port: int | None = None
    active: int | None = None
    last: int = 0
    revisions: dict[int, Revision] = Field(default_factory=dict)

    def serving(self, number: int) -> Document:
        """The document once a revision serves."""
        return self.changed(active=number, last=max(number, self.last))

    def changed(self, **values: object) -> Document:
        """The document with other values."""
        return self.model_copy(update=values)

    def with_revision(self, revision: Revision) -> Document:
        """The document with a revision among those that are kept."""
        return self.changed(revisions={**self.revisions, revision.number: revision})

    def without(self, numbers: Iterable[int]) -> Document:
        """The document without some revisions."""
        gone = set(numbers)
        kept = {number: item for number, item in self.revisions.items() if number not in gone}
        return self.changed(revisions=kept)

    @property
    def kept(self) -> list[int]:
        """The numbers of the revisions that are kept, the oldest first."""
        return sorted(self.revisions)


def new_document(identity: str, name: str, last: int = 0) -> Document:
    """The document of a deployment that has none yet."""
    return Document(identity=identity, name=name, salt=secrets.token_hex(16), last=last)


@dataclass(frozen=True, slots=True)
class Files:
    """What is in the volume of a front: the document, the keys, the certificate."""

    document: Document | None
    keys: Mapping[str, str] = field(repr=False)
    certificate: bytes | None


def read_files(engine: Engine, container: str, identity: str) -> Files:
    """What the volume of a front holds; raises NotFoundError without the container.

    Keys pass through memory only.
    """
    try:
        found = dict(unpacked(b"".join(engine.get(container, DATA))))
    except NotThereError:
        if engine.container(container) is None:
            raise
        found = {}
    documents = [_document(found[name]) for name in _PLACES if name in found]
    whole = [item for item in documents if item is not None and item.identity == identity]
    if documents and not whole:
        raise _broken(container)
    newest = max(whole, key=lambda item: item.serial, default=None)
    certificate = found.get(CERTIFICATE) if _object(found.get(SETTINGS)).get("tls") else None
    return Files(newest, _keys(found.get(KEYS)), certificate)


def write_document(engine: Engine, container: str, document: Document) -> Document:
    """Put a document in its place; the one before stays beside it until the next."""
    document = document.changed(serial=document.serial + 1)
    content = json.dumps(document.model_dump(mode="json"), indent=1).encode()
    put_files(engine, container, {_PLACES[document.serial % len(_PLACES)]: content})
    return document


def write_keys(engine: Engine, container: str, keys: Mapping[str, str]) -> None:
    """Put keys in their place, where only the front may read them."""
    put_files(engine, container, {KEYS: json.dumps(dict(keys)).encode()})


def put_files(
    engine: Engine, container: str, files: Mapping[str, bytes], folder: str = DATA
) -> None:
    """Put files into a container that their owner alone may read."""
    engine.put(container, folder, packed(files))


def packed(files: Mapping[str, bytes], owner: int = 0) -> bytes:
    """An archive of files that their owner alone may read."""
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode, member.uid = len(content), 0o600, owner
            archive.addfile(member, io.BytesIO(content))
    return whole.getvalue()


def unpacked(archive: bytes) -> Iterator[tuple[str, bytes]]:
    """The files in an archive of a folder, or of one file, by their path in it."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        for member in opened:
            content = opened.extractfile(member) if member.isfile() else None
            if content is not None:
                yield member.name.partition("/")[2], content.read()


def _document(content: bytes) -> Document | None:
    try:
        return Document.model_validate_json(content)
    except ValidationError:
        return None


def _keys(content: bytes | None) -> dict[str, str]:
    found = _object(content)
    return {name: found[name] for name in KEY_NAMES if isinstance(found.get(name), str)}


def _object(content: bytes | None) -> dict[str, JsonValue]:
    try:
        found = json.loads(content or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _broken(container: str) -> ProviderError:
    return ProviderError(
        "A document of a deployment is broken",
        f"What {container} keeps in {DATA} is not what amlplan wrote. Remove that container with "
        "its volumes, then apply again; keys and earlier revisions are gone then.",
    )
