"""The protocol of content stores: where a workspace keeps snapshots, outputs and models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from amlplan.errors import ProviderError


class ContentStore(Protocol):
    """Blobs by digest, as a workspace keeps them."""

    @property
    def folder(self) -> Path:
        """The folder of the store."""
        ...

    def path(self, digest: str) -> Path:
        """Where the bytes of a digest lie, or would lie."""
        ...

    def put(
        self,
        sources: Mapping[str, tuple[Path, str]],
        check: Callable[[], None],
        progress: Callable[[str], None],
        changed: Callable[[str], ProviderError],
    ) -> None:
        """Store files, by path with where they lie and their digest; durable when it returns.

        Raises what `changed` gives for a file that no longer has the digest.
        """
        ...
