"""The folder of a deployment: what it is, its keys, its revisions with their logs."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import shutil
from typing import TYPE_CHECKING

from pydantic import ValidationError

from amlplan.errors import ProviderError
from amlplan.files import encode, failure_at, locked, make_folder, write_file
from amlplan.processes import ProcessMark
from amlplan_deployments.keys import new_key, new_keys
from amlplan_deployments.revisions import Revision, forgettable
from amlplan_schemas.base import Stored
from amlplan_serve.keys import Keys, UnusableKeysError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FORMAT = 1
DEPLOYMENTS = "deployments"
_DOCUMENT, _KEYS, _REVISION = "deployment.json", "keys.json", "revision.json"


class ServerProcess(Stored):
    """The server's process, by more than a pid that may be reused."""

    pid: int
    started: str
    boot: str

    @property
    def mark(self) -> ProcessMark:
        """The process as it is looked for."""
        return ProcessMark(self.pid, self.started, self.boot)


class Document(Stored):
    """A deployment as its folder keeps it.

    `port` is the one that was chosen at the first start. `active` is the revision that serves,
    `last` the newest that ever did. `salt` salts digests of secrets.
    """

    format_version: int = FORMAT
    identity: str
    name: str
    salt: str
    port: int | None = None
    active: int | None = None
    last: int = 0
    server: ServerProcess | None = None

    def serving(self, number: int) -> Document:
        """The document once a revision serves."""
        return self.model_copy(update={"active": number, "last": max(number, self.last)})


class DeploymentFolder:
    """Reads and writes the folder of one deployment; raises ProviderError."""

    def __init__(self, data_folder: Path, identity: str) -> None:
        name = hashlib.sha256(identity.encode()).hexdigest()[:16]
        self.path = data_folder / DEPLOYMENTS / name
        self._identity = identity

    @property
    def control(self) -> Path:
        """Where the server's control socket is."""
        return self.path / "control.sock"

    @property
    def access_log(self) -> Path:
        """Where the server writes a line for each request."""
        return self.path / "access.log"

    @property
    def server_log(self) -> Path:
        """What the server itself writes."""
        return self.path / "server.log"

    @property
    def keys_path(self) -> Path:
        """The file of the keys."""
        return self.path / _KEYS

    def revision_folder(self, number: int) -> Path:
        """The folder of a revision."""
        return self.path / "revisions" / str(number)

    def log_path(self, number: int) -> Path:
        """What the workers of a revision write."""
        return self.revision_folder(number) / "log.txt"

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other process from changing this deployment; blocks until it is free."""
        make_folder(self.path)
        with locked(self.path / "lock"):
            yield

    def read(self) -> Document | None:
        """The deployment's document, None where there is none or it is somebody else's."""
        path = self.path / _DOCUMENT
        try:
            document = Document.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except OSError as failure:
            raise failure_at(path, "read", failure) from failure
        except ValidationError as failure:
            raise _broken(path) from failure
        return document if document.identity == self._identity else None

    def write(self, document: Document) -> Document:
        """Put the document in its place, durably."""
        write_file(self.path / _DOCUMENT, encode(document.model_dump(mode="json")))
        return document

    def made(self, name: str) -> Document:
        """The document, made where there is none."""
        found = self.read()
        if found is not None:
            return found
        salt = secrets.token_hex(16)
        return self.write(Document(identity=self._identity, name=name, salt=salt))

    def revision(self, number: int) -> Revision | None:
        """A revision that was kept."""
        path = self.revision_folder(number) / _REVISION
        try:
            return Revision.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except OSError as failure:
            raise failure_at(path, "read", failure) from failure
        except ValidationError as failure:
            raise _broken(path) from failure

    def revisions(self) -> list[int]:
        """The numbers of the revisions that are kept, the oldest first."""
        names = [path.name for path in (self.path / "revisions").glob("*")]
        return sorted(int(name) for name in names if name.isdecimal())

    def write_revision(self, revision: Revision) -> None:
        """Keep a revision, durably."""
        folder = self.revision_folder(revision.number)
        make_folder(folder)
        write_file(folder / _REVISION, encode(revision.model_dump(mode="json")))

    def drop_revision(self, number: int) -> None:
        """Forget a revision, with its log; one that is not there is no failure."""
        shutil.rmtree(self.revision_folder(number), ignore_errors=True)

    def forget_revisions(self, keep: int, document: Document) -> None:
        """Drop those that served but the newest and the active one, and any that never did."""
        for number in forgettable(self.revisions(), document.active, document.last, keep):
            self.drop_revision(number)

    def made_keys(self) -> dict[str, str]:
        """The keys, made where there are none; only this user may read their file."""
        return self.keys() or self.write_keys(new_keys())

    def keys(self) -> dict[str, str]:
        """The keys; none where their file is not there."""
        try:
            found = json.loads(self.keys_path.read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as failure:
            raise _broken_keys(self.keys_path) from failure
        if not isinstance(found, dict) or not all(isinstance(item, str) for item in found.values()):
            raise _broken_keys(self.keys_path)
        return found

    def fingerprints(self) -> dict[str, str]:
        """A digest of each key by its name; none where there are no keys."""
        try:
            return Keys(str(self.keys_path)).fingerprints()
        except UnusableKeysError:
            return {}

    def rotate(self, name: str) -> dict[str, str]:
        """The keys with one of them new."""
        return self.write_keys({**self.made_keys(), name: new_key()})

    def write_keys(self, keys: dict[str, str]) -> dict[str, str]:
        """Put keys in their place, readable by this user alone from the first byte on."""
        part = self.keys_path.with_name(f".keys.{secrets.token_hex(8)}")
        try:
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(encode(keys))
                file.flush()
                os.fsync(file.fileno())
            part.replace(self.keys_path)
        except OSError as failure:
            raise failure_at(self.keys_path, "written", failure) from failure
        finally:
            part.unlink(missing_ok=True)
        return keys

    def remove(self) -> None:
        """Delete the folder; one that is gone is no failure."""
        try:
            shutil.rmtree(self.path)
        except FileNotFoundError:
            return
        except OSError as failure:
            raise failure_at(self.path, "deleted", failure) from failure


def documents_in(data_folder: Path) -> Iterator[tuple[Path, Document | None]]:
    """Every deployment's folder with its document, None for one that cannot be read."""
    for folder in sorted((data_folder / DEPLOYMENTS).glob("*")):
        try:
            yield folder, Document.model_validate_json((folder / _DOCUMENT).read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            continue  # nothing was begun in it
        except (OSError, ValidationError):
            yield folder, None


def _broken(path: Path) -> ProviderError:
    return ProviderError(
        "A document of a deployment is broken",
        f"{path} is not what amlplan wrote. Restore it from a backup; or end the deployment's "
        "server, delete the folder, and apply again.",
    )


def _broken_keys(path: Path) -> ProviderError:
    return ProviderError(
        "The file of keys is broken",
        f"{path} does not hold keys as amlplan wrote them. Delete it, and the next apply writes "
        "new ones; those who ask then need them.",
    )
