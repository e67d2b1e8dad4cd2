"""Explains what a provider must not raise."""

from __future__ import annotations

from amlplan.errors import AmlplanError, ProviderError


class defects_explained:  # noqa: N801 - used as a statement
    """Turns what a provider must not raise into a ProviderError that names its kind."""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, raised: BaseException | None, trace: object) -> None:
        if isinstance(raised, Exception) and not isinstance(raised, AmlplanError):
            raise ProviderError(
                "The provider failed unexpectedly",
                f"{self._kind} raised {type(raised).__name__}. This is a defect of the provider; "
                "set AMLPLAN_LOG=debug to see where.",
            ) from raised
