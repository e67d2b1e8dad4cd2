"""`front`: the address of a deployment, behind which replicas come and go; runs no user code.

It remembers in its data folder what it serves, with which keys and which certificate, and serves
that again after a restart as soon as its replicas are back.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from amlplan_serve.container import Variables
from amlplan_serve.image import UnusableImageError
from amlplan_serve.init import under_init

if TYPE_CHECKING:
    from amlplan_serve.front_folder import FrontFolder
    from amlplan_serve.settings import RevisionSpec, Status


def main() -> int:
    """Serve until told to end; the exit code."""
    return under_init(_main)


def _main() -> int:
    from amlplan_serve.certificates import UnusableCertificateError
    from amlplan_serve.front_folder import FolderError
    from amlplan_serve.keys import UnusableKeysError
    from amlplan_serve.listener import AddressError
    from amlplan_serve.pool import RevisionBrokenError

    try:
        _serve(Variables(os.environ))
    except (
        *(AddressError, FolderError, OSError, RevisionBrokenError, UnusableCertificateError),
        *(UnusableImageError, UnusableKeysError),
    ) as failure:
        sys.stderr.write(f"amlplan: {failure}\n")
        return 1
    return 0


def _serve(variables: Variables) -> None:
    from amlplan_serve.front_folder import FrontFolder
    from amlplan_serve.listener import bound
    from amlplan_serve.pools import connecting
    from amlplan_serve.server import Kind, run
    from amlplan_serve.settings import ServerConfig

    folder = FrontFolder(variables.data)
    settings = folder.settings()
    certificate = str(folder.certificate) if settings.tls else None
    config = ServerConfig(
        control=variables.control,
        log="",
        host=variables.text("HOST", "0.0.0.0"),  # noqa: S104 - a container's own address
        port=variables.number("PORT", 5001),
        body_limit=settings.body_limit,
        drain_seconds=settings.drain_seconds,
        keep_alive=settings.keep_alive,
        access_log=variables.access_log,
        certificate=certificate,
        certificate_key=str(folder.certificate_key) if settings.tls else None,
    )
    opened = bound(config.host, config.port)
    kind = Kind(make_pool=connecting(variables.link), folder=folder, remembered=_remembered(folder))
    run(config, opened, -1, kind, SilentStarter())


def _remembered(folder: FrontFolder) -> tuple[RevisionSpec | None, RevisionSpec | None]:
    """What served before; nothing where that is broken, so that another revision can be loaded."""
    from amlplan_serve.memory import UnusableMemoryError

    try:
        return folder.memory.recall()
    except UnusableMemoryError as failure:
        sys.stderr.write(f"amlplan: {failure} Nothing is served until a revision is loaded.\n")
        return None, None


class SilentStarter:
    """Nobody waits for the server of a container but by asking it."""

    def confirm(self) -> None:
        """Go on: nobody could have left."""

    def serving(self, status: Status) -> None:
        """Say where it listens, for whoever reads the log."""
        sys.stderr.write(f"amlplan {status.version} listens at {status.host}:{status.port}\n")
        sys.stderr.flush()
