"""The provider that CONTRIBUTING.md shows is a provider, and works."""

import importlib.util
import inspect
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from amlplan.errors import ProviderError
from amlplan.provider import (
    Derives,
    Desired,
    Finds,
    Missing,
    Present,
    Provider,
    ProviderContext,
    Unreachable,
)
from amlplan.values import Value
from amlplan_schemas.state import Record, Tree

ROOT = Path(__file__).resolve().parents[2]


class Operation:
    """An operation without anything behind it."""

    steps: dict[str, Value] = {}  # noqa: RUF012 - never changed

    def step(self, name: str, data: Value = None) -> None: ...

    def progress(self, text: str) -> None: ...

    def check_cancelled(self) -> None: ...


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    path = tmp_path_factory.mktemp("example") / "amlplan_note.py"
    path.write_text(code, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("amlplan_note", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def note(example: ModuleType, tmp_path: Path) -> Any:
    return example.NoteProvider(ProviderContext(tmp_path, tmp_path, tmp_path))


def desired(example: ModuleType, text: str, identity: str = "id-1") -> Desired:
    inputs = example.Note(name="n", path="note.json", text=text)
    return Desired("note.n", "note.file", "n", identity, inputs, {}, {})


def record(text: str, identity: str = "id-1") -> Record:
    return Record(
        address="note.n",
        kind="note.file",
        name="n",
        generation=1,
        identity=identity,
        provider="note",
        inputs=Tree(values={"name": "n", "path": "note.json", "text": text}),
    )


@pytest.mark.parametrize("protocol", [Provider, Finds])
def test_the_example_has_the_methods_of_the_protocols(note: Any, protocol: type) -> None:
    for name, wanted in inspect.getmembers(protocol, inspect.isfunction):
        if not name.startswith("_"):
            parameters = list(inspect.signature(wanted).parameters)[1:]
            assert list(inspect.signature(getattr(note, name)).parameters) == parameters


def test_the_example_has_the_ability_it_claims(note: Any) -> None:
    assert isinstance(note, Finds)
    assert not isinstance(note, Derives)


def test_the_example_manages_its_kind(example: ModuleType, note: Any) -> None:
    first, second = record("one"), record("two")
    assert note.read(first, {}) == Missing()
    outputs = note.create(desired(example, "one"), Operation())
    assert example.NoteOutputs.model_validate(outputs).identity == "id-1"
    assert note.read(first, {}) == Present({"text": "one"}, {"identity": "id-1"})
    assert isinstance(note.find(first, {}), Present)
    assert note.find(second, {}) == Missing()
    note.update(desired(example, "two"), first, Operation())
    assert isinstance(note.find(second, {}), Present)
    note.delete(second, {}, Operation())
    note.delete(second, {}, Operation())
    assert note.read(second, {}) == Missing()


def test_the_example_neither_takes_nor_misreads_what_is_not_its_own(
    example: ModuleType, note: Any, tmp_path: Path
) -> None:
    note.create(desired(example, "one"), Operation())
    with pytest.raises(ProviderError):
        note.create(desired(example, "one", identity="id-2"), Operation())
    note.delete(record("one", identity="id-2"), {}, Operation())
    assert isinstance(note.read(record("one"), {}), Present)
    (tmp_path / "note.json").write_text("not JSON")
    assert isinstance(note.read(record("one"), {}), Unreachable)
    with pytest.raises(ProviderError):
        note.delete(record("one"), {}, Operation())
