"""The Dockerfile is the same text for the same wishes, and takes nothing that would need files."""

from __future__ import annotations

import pytest

from amlplan.errors import ProviderError
from amlplan_images.dockerfile import dockerfile

BASE = "python@sha256:" + "d" * 64


def test_the_text_is_made_of_packages_and_steps() -> None:
    text = dockerfile(BASE, ["libgomp1", "git=1:2.39.2-1.1"], ["ENV A=b", "echo hi > /hi"])
    assert text.splitlines() == [
        f"FROM {BASE}",
        (
            "RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y "
            "--no-install-recommends git=1:2.39.2-1.1 libgomp1 && rm -rf /var/lib/apt/lists/*"
        ),
        "ENV A=b",
        "RUN echo hi > /hi",
    ]
    assert dockerfile(BASE, ["git=1:2.39.2-1.1", "libgomp1", "libgomp1"]) == dockerfile(
        BASE, ["libgomp1", "git=1:2.39.2-1.1"]
    )
    assert dockerfile(BASE) == f"FROM {BASE}\n"


@pytest.mark.parametrize("name", ["git; rm -rf /", "-y", "", "Lib", "a b", "$(id)", "git\nRUN x"])
def test_what_is_no_package_is_refused(name: str) -> None:
    with pytest.raises(ProviderError, match="no name of a package"):
        dockerfile(BASE, [name])


@pytest.mark.parametrize("step", ["COPY a b", "ADD a b", "FROM x", "CMD x", "  ENTRYPOINT x"])
def test_a_step_that_needs_more_than_the_base_is_refused(step: str) -> None:
    with pytest.raises(ProviderError, match="files come"):
        dockerfile(BASE, [], [step])


def test_an_empty_step_is_refused() -> None:
    with pytest.raises(ProviderError, match="without text"):
        dockerfile(BASE, [], [" "])
