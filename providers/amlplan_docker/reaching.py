"""From what is known of a compute target to its engine, and from an image block to a login."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from amlplan.errors import UnreachableError
from amlplan_docker.engine.connection import Connection
from amlplan_docker.engine.specification import Credentials
from amlplan_docker.images.names import divided, host_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.provider import ProviderContext, Referred
    from amlplan_docker.engine.client import Engine
    from amlplan_schemas.base import JsonValue
    from amlplan_schemas.state import Record

FIELD = "connection"
_FILES = ("ca_file", "cert_file", "key_file")


def engine_of(target: Record, context: ProviderContext) -> Engine:
    """The engine of a compute target, by the connection that its record has.

    Raises UnreachableError where it cannot be talked to.
    """
    known = target.connection.values if target.connection is not None else {}
    return _engine(known.get(FIELD, known), context.root)


def engine_at(target: Referred, context: ProviderContext) -> Engine:
    """The engine of a compute block, by the connection that is written there.

    Raises UnreachableError also where that is not known yet: another engine would answer.
    """
    if FIELD not in target.values:
        raise UnreachableError(
            "How the engine is reached is not known yet",
            f"The connection of {target.address} is made from what an apply gives. Apply that "
            "first, with -target.",
        )
    return _engine(target.values[FIELD] or {}, context.root)


def engine_through(connection: Mapping[str, JsonValue] | None, context: ProviderContext) -> Engine:
    """The engine that a `connection` block leads to, or the one of this host."""
    return _engine(connection or {}, context.root)


def _engine(known: Mapping[str, JsonValue], root: Path) -> Engine:
    from amlplan_docker.engine.client import Engine

    files = {name: str(root / Path(known[name]).expanduser()) for name in _FILES if known.get(name)}
    return Engine.connect(Connection(host=known.get("host"), **files))


def login_of(values: Mapping[str, JsonValue], repository: str | None = None) -> Credentials | None:
    """The login that an image block names, for its registry or the one of a repository.

    None leaves it to the docker credential store, also where the repository is in another registry:
    a login is shown to nobody but whom it is for.
    """
    known = values.get("credentials")
    if known is None or known.get("password") is None:
        return None
    own = values.get("registry") or values.get("reference") or ""
    asked = own if repository is None else divided(repository.partition("@")[0])[0]
    if host_of(f"{asked}/") != host_of(f"{own}/"):
        return None
    return Credentials(known["username"], known["password"])
