"""Scripts in the styles of Azure ML's samples, answered by its own server and by ours."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from amlplan_serve.client import RevisionFailedError
from harness import azmlinfsrv
from scoring.behaviour_scripts import BEHAVIOUR_CASES
from scoring.broken_scripts import BROKEN_CASES
from scoring.comparing import Answer, Case, Ours, Request, Theirs
from scoring.page_scripts import PAGE_CASES
from scoring.raw_scripts import RAW_CASES
from scoring.schema_scripts import SCHEMA_CASES
from scoring.text_scripts import TEXT_CASES

if TYPE_CHECKING:
    from collections.abc import Iterator

ALONE = [case for case in RAW_CASES if "flask" not in case.script]
pytestmark = pytest.mark.slow
CASES = [*TEXT_CASES, *SCHEMA_CASES, *RAW_CASES, *BEHAVIOUR_CASES, *PAGE_CASES]
PAGE = Path(__file__).resolve().parents[3] / "docs/serving.md"


@pytest.fixture(scope="module")
def environment() -> Path:
    try:
        return azmlinfsrv.environment()
    except azmlinfsrv.UnavailableError as failure:
        pytest.skip(f"azureml-inference-server-http cannot be installed: {failure}")


@pytest.fixture(scope="module")
def theirs(environment: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theirs]:
    made = Theirs(environment, tmp_path_factory.mktemp("theirs") / "log")
    yield made
    made.stop()


@pytest.fixture(scope="module")
def ours(environment: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ours]:
    made = Ours(str(environment / "bin/python"), tmp_path_factory.mktemp("ours"))
    yield made
    made.stop()


@pytest.fixture(scope="module")
def ours_alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ours]:
    """Ours in an environment that has no flask and nothing of Azure ML."""
    made = Ours(sys.executable, tmp_path_factory.mktemp("alone"))
    yield made
    made.stop()


def without_descriptions(document: Any) -> Any:
    """A description of a service without its sentences, which are ours."""
    if isinstance(document, list):
        return [without_descriptions(each) for each in document]
    if not isinstance(document, dict):
        return document
    return {
        name: without_descriptions(value)
        for name, value in document.items()
        if name != "description" or not isinstance(value, str)
    }


def comparable(request: Request, answer: Answer | None) -> object:
    if answer is not None and request.path.startswith("/swagger.json"):
        return answer.status, answer.headers, without_descriptions(answer.json)
    return answer


def is_as_it_should_be(request: Request, theirs: Answer | None, ours: Answer) -> bool:
    if request.differs is not None:
        return request.differs.is_between(theirs, ours)
    return comparable(request, theirs) == comparable(request, ours)


def wrong_answers(case: Case, theirs: Theirs, ours: Ours, folder: Path) -> list[Any]:
    expected = theirs.answers(case, *case.put(folder / "theirs"))
    found = ours.answers(case, *case.put(folder / "ours"))
    return [
        (request, wanted, given)
        for request, wanted, given in zip(case.requests, expected, found, strict=True)
        if not is_as_it_should_be(request, wanted, given)
    ]


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_script_is_answered_as_by_azure_ml(
    case: Case, theirs: Theirs, ours: Ours, tmp_path: Path
) -> None:
    assert wrong_answers(case, theirs, ours, tmp_path) == []


@pytest.mark.parametrize("case", ALONE, ids=[case.name for case in ALONE])
def test_a_request_is_the_same_without_flask(
    case: Case, theirs: Theirs, ours_alone: Ours, tmp_path: Path
) -> None:
    assert wrong_answers(case, theirs, ours_alone, tmp_path) == []


@pytest.mark.parametrize(
    ("case", "reason"), BROKEN_CASES, ids=[case.name for case, _ in BROKEN_CASES]
)
def test_what_they_do_not_serve_is_told_by_us(
    case: Case, reason: str, theirs: Theirs, ours: Ours, tmp_path: Path
) -> None:
    assert theirs.answers(case, *case.put(tmp_path / "theirs")) == [None] * len(case.requests)
    with pytest.raises(RevisionFailedError) as failure:
        ours.answers(case, *case.put(tmp_path / "ours"))
    assert reason in str(failure.value)
    assert "Traceback" in failure.value.log


def test_intended_differences_are_documented() -> None:
    page = PAGE.read_text(encoding="utf-8")
    names = {request.differs.name for case in CASES for request in case.requests if request.differs}
    assert {name for name in names if f"**{name}.**" not in page} == set()


def test_no_two_cases_have_one_name() -> None:
    assert len({case.name for case in CASES}) == len(CASES)
