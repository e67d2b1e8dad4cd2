"""The images of an engine: seen, loaded, built, pulled and pushed."""

from __future__ import annotations

import json
from collections import deque
from typing import TYPE_CHECKING, Any

from amlplan_docker.engine.calls import Sent
from amlplan_docker.engine.failures import NotThereError, RefusedError
from amlplan_docker.engine.parts import Part, filter_of
from amlplan_docker.engine.reading import image_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from amlplan_docker.engine.seen import ImageSeen
    from amlplan_docker.engine.specification import Credentials

_LAST_LINES = 20
_TAR = {"Content-Type": "application/x-tar"}


def _no_one(_line: str) -> None:
    """Tell nobody."""


class EngineImages(Part):
    """What concerns images. `auth` None takes the login of the docker command, if it has one."""

    def image(self, reference: str) -> ImageSeen | None:
        """The image with an id, a tag or a digest; None where the engine has none."""
        try:
            return image_of(self._calls.call("inspect_image", reference))
        except NotThereError:
            return None

    def images(self, labels: Mapping[str, str | None]) -> list[ImageSeen]:
        """The images that have all of these labels."""
        found = self._calls.call("images", filters=filter_of(labels))
        seen = (self.image(item["Id"]) for item in found)
        return sorted((image for image in seen if image is not None), key=lambda each: each.id)

    def load(self, chunks: Iterable[bytes]) -> None:
        """Load an archive as `docker save` writes it; layers that the engine has may be absent."""
        sent = Sent(chunks)
        with sent.own_failure_first():
            for _ in self._calls.documents(
                "POST", "/images/load", params={"quiet": "0"}, data=iter(sent), headers=_TAR
            ):
                pass

    def save(self, references: Iterable[str]) -> Iterator[bytes]:
        """The archive of some images, as a stream."""
        return self._calls.chunks("GET", "/images/get", params={"names": list(references)})

    def tag(self, image: str, repository: str, tag: str) -> None:
        """Give an image one more name, taken from another that had it."""
        self._calls.call("tag", image, repository, tag)

    def remove_image(self, reference: str, *, force: bool = False) -> None:
        """Remove a tag, or an image by its id; raises NotThereError and ConflictError."""
        asked = {"force": "1" if force else "0"}
        self._calls.patient_request("DELETE", f"/images/{reference}", params=asked)

    def build(
        self,
        context: bytes | Iterable[bytes],
        *,
        dockerfile: str = "Dockerfile",
        tag: str | None = None,
        labels: Mapping[str, str] | None = None,
        on_line: Callable[[str], object] = _no_one,
    ) -> str:
        """Build with the engine's classic builder from a tar; gives the image's id.

        Its output is told line by line; the end of it is in the error where it fails.
        """
        sent, last, made = Sent(context), deque[str](maxlen=_LAST_LINES), ""
        asked = {"dockerfile": dockerfile, "t": tag, "labels": json.dumps(dict(labels or {}))}
        with sent.own_failure_first(), _with_end(last):
            for document in self._calls.documents(
                "POST",
                "/build",
                params={**asked, "rm": "1", "forcerm": "1"},
                data=iter(sent),
                headers={**_TAR, **self._calls.build_headers()},
            ):
                made = (document.get("aux") or {}).get("ID") or made
                for line in str(document.get("stream") or "").split("\n"):
                    if not line.strip():
                        continue
                    last.append(line)
                    on_line(line)
        if not made:
            raise RefusedError("The Docker engine refused", "It built no image and gave no reason.")
        return made

    def pull(
        self,
        repository: str,
        reference: str,
        *,
        auth: Credentials | None = None,
        platform: str | None = None,
        on_progress: Callable[[str], object] = _no_one,
    ) -> ImageSeen:
        """Pull a tag or a digest (`sha256:…`); blocks. Raises NotThereError, LoginRefusedError."""
        asked = {"fromImage": repository, "tag": reference, "platform": platform}
        headers = self._calls.registry_headers(repository, auth)
        for document in self._calls.documents(
            "POST", "/images/create", params=asked, headers=headers
        ):
            _tell(document, on_progress)
        separator = "@" if ":" in reference else ":"
        seen = self.image(f"{repository}{separator}{reference}")
        if seen is None:
            raise NotThereError(
                "The engine does not have it",
                f"{repository}{separator}{reference} was pulled, and is not there.",
            )
        return seen

    def push(
        self,
        repository: str,
        tag: str,
        *,
        auth: Credentials | None = None,
        on_progress: Callable[[str], object] = _no_one,
    ) -> str:
        """Push a tag to its registry; blocks, and gives the digest that it has there."""
        digest = ""
        headers = self._calls.registry_headers(repository, auth)
        for document in self._calls.documents(
            "POST", f"/images/{repository}/push", params={"tag": tag}, headers=headers
        ):
            digest = (document.get("aux") or {}).get("Digest") or digest
            _tell(document, on_progress)
        if not digest:
            raise RefusedError("The Docker engine refused", "It pushed nothing and gave no reason.")
        return digest

    def registry_digest(self, reference: str, *, auth: Credentials | None = None) -> str | None:
        """The digest that a registry has for a tag or digest, asked by the engine; None: none."""
        headers = self._calls.registry_headers(reference, auth)
        try:
            answer = self._calls.patient_request(
                "GET", f"/distribution/{reference}/json", headers=headers
            )
        except NotThereError:
            return None
        return str(answer.json()["Descriptor"]["digest"])


class _with_end:  # noqa: N801 - reads as a word of the language
    """Puts the last lines of a build into the error of one that failed."""

    def __init__(self, last: deque[str]) -> None:
        self._last = last

    def __enter__(self) -> None:
        """Nothing to do."""

    def __exit__(self, _type: object, failure: BaseException | None, _where: object) -> None:
        if isinstance(failure, RefusedError):
            text = "\n".join([failure.detail, "The end of its output:", *self._last])
            raise RefusedError("The build failed", text) from None


def _tell(document: Mapping[str, Any], on_progress: Callable[[str], object]) -> None:
    words = [document.get(name) for name in ("id", "status", "progress")]
    text = " ".join(str(word) for word in words if word)
    if text:
        on_progress(text)
