"""How an engine is asked: calls, streams, and what fails, told in our own errors."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from amlplan_docker.engine.failures import failure_of
from amlplan_docker.engine.unreachable import unreachable
from amlplan_docker.engine.watching import Watched, watched_call

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from amlplan.errors import ProviderError
    from amlplan_docker.engine.connection import Address
    from amlplan_docker.engine.specification import Credentials

_CHUNK = 1024 * 1024
_ERROR_STATUS = 400


class Calls(ABC):
    """Asks one engine. `sdk` is the SDK's client: a session with a way to the engine.

    `failures` are the exceptions in which the SDK, and what is below it, fail. Safe for threads.
    """

    def __init__(
        self, sdk: Any, address: Address, failures: tuple[type[Exception], ...], timeout: float
    ) -> None:
        self._sdk = sdk
        self.address = address
        self._failures = failures
        self.timeout = timeout

    def call(self, name: str, *arguments: Any, **named: Any) -> Any:
        """What a method of the SDK gives."""
        with self.told():
            return getattr(self._sdk, name)(*arguments, **named)

    def patient_request(self, method: str, path: str, **named: Any) -> Any:
        """As `request`, for what may take long; ends where the engine answers nothing else."""
        return watched_call(
            lambda: self.request(method, path, timeout=None, **named), self.is_alive, self.timeout
        )

    def is_alive(self) -> None:
        """Raise UnreachableError where the engine does not answer now."""
        self.call("ping")

    def request(self, method: str, path: str, **named: Any) -> Any:
        """The answer to a request that the SDK has no method for; raises for a bad status."""
        url = f"{self._sdk.base_url}/v{self._sdk.api_version}{path}"
        named.setdefault("timeout", self.timeout)
        with self.told():
            answer = self._sdk.request(method, url, **named)
            if answer.status_code >= _ERROR_STATUS:
                raise failure_of(answer.status_code, _message(answer))
            return answer

    def chunks(self, method: str, path: str, **named: Any) -> Iterator[bytes]:
        """The bytes of an answer as they come, however long it takes."""
        yield from Watched(
            lambda: _Body(self, self.request(method, path, stream=True, timeout=None, **named)),
            self.is_alive,
            self.timeout,
        )

    def documents(self, method: str, path: str, **named: Any) -> Iterator[dict[str, Any]]:
        """The JSON documents of an answer, one a line; an error among them is raised."""
        for line in _lines(self.chunks(method, path, **named)):
            with self.told():
                document = json.loads(line)
            if document.get("error") or document.get("errorDetail"):
                detail = document.get("errorDetail") or {}
                raise failure_of(0, detail.get("message") or document.get("error") or "")
            yield document

    @abstractmethod
    def registry_headers(self, repository: str, auth: Credentials | None) -> dict[str, str]:
        """The headers with the login for the registry of a repository."""

    @abstractmethod
    def build_headers(self) -> dict[str, str]:
        """The headers with the logins for the bases of a build."""

    @abstractmethod
    def close(self) -> None:
        """Close the connections that are kept."""

    @contextmanager
    def told(self) -> Iterator[None]:
        """Have what fails below raised as one of our errors."""
        try:
            yield
        except self._failures as failure:
            raise self._explained(failure) from failure

    def _explained(self, failure: Exception) -> ProviderError:
        answer = getattr(failure, "response", None)
        if answer is not None:
            said = getattr(failure, "explanation", None) or _message(answer)
            return failure_of(answer.status_code, str(said))
        return unreachable(self.address, failure)


class Sent:
    """Bytes on their way to an engine; keeps what failed where they come from.

    Without it a file that cannot be read would look like an engine that cannot be reached.
    """

    def __init__(self, chunks: bytes | Iterable[bytes]) -> None:
        self._chunks = [chunks] if isinstance(chunks, bytes) else chunks
        self.failure: Exception | None = None

    def __iter__(self) -> Iterator[bytes]:
        try:
            for chunk in self._chunks:
                if chunk:  # an empty one would end the body
                    yield chunk
        except Exception as failure:
            self.failure = failure
            raise

    @contextmanager
    def own_failure_first(self) -> Iterator[None]:
        """Raise what failed at the source in place of what followed from it."""
        try:
            yield
        except Exception:
            if self.failure is not None:
                raise self.failure from None
            raise


class _Body:
    """The body of an answer as a stream."""

    def __init__(self, calls: Calls, answer: Any) -> None:
        self._calls = calls
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        with self._calls.told():
            yield from self._answer.iter_content(_CHUNK)
        self._answer.close()

    def close(self) -> None:
        """Shut the socket: that ends a read in another thread, which closing would wait for."""
        if not self._answer.raw.closed:
            with suppress(OSError, ValueError):  # the other side may have ended it just now
                self._answer.raw.shutdown()


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        yield from (line for line in whole if line.strip())
    if rest.strip():
        yield rest


def _message(answer: Any) -> str:
    text = answer.text
    try:
        return str(json.loads(text)["message"])
    except (ValueError, KeyError, TypeError):
        return str(text)[:500]
