"""The real uv, against an index on this host and against the one this host reaches."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from amlplan.errors import AuthError, ProviderError, UnreachableError
from amlplan.provider import Draft, ProviderContext
from amlplan.testing import CANARY, StandInOperation
from amlplan_local.environment import LocalEnvironment
from local_workbench import WORKSPACE
from package_index import served, wheel

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ProviderContext:
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    (tmp_path / "root").mkdir()
    return ProviderContext(tmp_path / "root", tmp_path / "data", tmp_path / "cache")


def resolve(context: ProviderContext, environment: dict[str, str], **values: Any) -> Any:
    inputs = LocalEnvironment.kind.inputs.model_validate(
        {"name": "sk", "workspace": WORKSPACE, "python": "3.11", **values}
    )
    dumped = inputs.model_dump(mode="json")
    draft = Draft("environment.sk", "environment", "sk", dumped, frozenset())
    provider = LocalEnvironment(context)
    (request,) = provider.lock_requests(draft)
    told = replace(draft, values=environment)
    operation = StandInOperation()
    try:
        return provider.resolve(request, told, operation)
    finally:
        assert CANARY not in str(operation.texts)


@pytest.fixture
def index(tmp_path: Path) -> Iterator[str]:
    for name, version, needs in [("alpha", "1.0", ["beta>=1"]), ("beta", "1.5", [])]:
        wheel(tmp_path / "index" / "simple" / name, name, version, *needs)
    with served(tmp_path / "index", login=f"ana:{CANARY}") as server:
        yield server.address


@pytest.fixture
def watched() -> Iterator[set[str]]:
    """Every command line that any process had while the test ran."""
    seen: set[str] = set()
    stop = threading.Event()

    def watch() -> None:
        while not stop.is_set():
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    seen.add(path.read_bytes().decode(errors="replace"))
                except OSError:
                    continue

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    yield seen
    stop.set()
    thread.join()


def test_a_password_reaches_the_index_and_nothing_else(
    context: ProviderContext, index: str, watched: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = context.root.parent / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setenv("UV_CACHE_DIR", str(context.cache_folder / "uv"))
    secret = {"index_url": f"http://ana:{CANARY}@{index}"}
    wanted = {"requirements": ["alpha"], "index_url": f"http://{index}"}
    entry = resolve(context, secret, **wanted)
    told = [(package["name"], package["version"]) for package in entry["packages"]]
    assert told == [("alpha", "1.0"), ("beta", "1.5")]
    assert CANARY not in str(entry)
    assert index not in str(entry)
    if Path("/proc/self/cmdline").exists():
        assert any("uv" in line and "lock" in line for line in watched)
        assert not [line for line in watched if CANARY in line]
    for folder in (context.root, context.cache_folder, context.data_folder, temporary):
        for path in folder.rglob("*"):
            assert CANARY not in str(path)
            assert not path.is_file() or CANARY.encode() not in path.read_bytes()
    with pytest.raises(AuthError, match="401 Unauthorized"):
        resolve(context, {}, **wanted)
    with pytest.raises(ProviderError, match="gamma") as caught:
        resolve(context, secret, **{**wanted, "requirements": ["gamma"]})
    assert CANARY not in f"{caught.value!r} {caught.value}"


def test_a_silent_index_is_unreachable(context: ProviderContext) -> None:
    secret = {"index_url": f"http://ana:{CANARY}@127.0.0.1:9/simple"}
    with pytest.raises(UnreachableError, match="Connection refused") as caught:
        resolve(context, secret, requirements=["six"], index_url="http://127.0.0.1:9/simple")
    assert CANARY not in f"{caught.value!r} {caught.value}"


def test_wheels_of_this_project_and_folders_of_wheels(context: ProviderContext, index: str) -> None:
    (context.root / "dist").mkdir()
    (context.root / "links").mkdir()
    mine = wheel(context.root / "dist", "gamma", "0.1", "delta")
    found = wheel(context.root / "links", "delta", "2.0")
    entry = resolve(
        context,
        {"index_url": f"http://ana:{CANARY}@{index}"},
        requirements=["./dist/gamma-0.1-py3-none-any.whl"],
        find_links=["links"],
        index_url=f"http://{index}",
    )
    delta, gamma = entry["packages"]
    assert delta["hashes"] == [found]
    assert gamma["hashes"] == [mine]
    assert gamma["path"] == "dist/gamma-0.1-py3-none-any.whl"
    assert str(context.root) not in str(entry)


@pytest.fixture
def real_index(context: ProviderContext) -> None:
    try:
        resolve(context, {}, requirements=["six"])
    except UnreachableError as failure:
        pytest.skip(f"the package index cannot be reached: {failure.detail}")


@pytest.mark.usefixtures("real_index")
class TestRealIndex:
    def test_a_package_has_version_and_hashes(self, context: ProviderContext) -> None:
        entry = resolve(context, {}, requirements=["six==1.17.0"])
        (six,) = entry["packages"]
        assert six == {
            "name": "six",
            "version": "1.17.0",
            "marker": "python_full_version == '3.11.*'",
            "hashes": [
                "sha256:4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274",
                "sha256:ff70335d468e7eb6ec65b95b99d3a2836546063f63acc5171de367e834932a81",
            ],
        }
        assert resolve(context, {}, requirements=["six==1.17.0"]) == entry

    def test_what_cannot_be_is_explained_by_uv(self, context: ProviderContext) -> None:
        with pytest.raises(ProviderError, match=r"six==1\.16.* and .*six==1\.17") as caught:
            resolve(context, {}, requirements=["six==1.16", "six==1.17"])
        assert type(caught.value) is ProviderError

    @pytest.mark.parametrize("python", ["3.9", "3.11", "3.13", "3.12.1"])
    def test_any_python_is_resolved_for_whatever_runs_here(
        self, context: ProviderContext, python: str
    ) -> None:
        wanted = ["tomli ; python_version < '3.11'", "six"]
        entry = resolve(context, {}, python=python, requirements=wanted)
        names = [package["name"] for package in entry["packages"]]
        assert names == (["six", "tomli"] if python == "3.9" else ["six"])

    def test_platforms_limit_and_require(self, context: ProviderContext) -> None:
        wanted = ["colorama==0.4.6 ; sys_platform == 'win32'", "six"]

        def names(*platforms: str) -> list[str]:
            entry = resolve(context, {}, requirements=wanted, platforms=list(platforms))
            return [package["name"] for package in entry["packages"]]

        assert names() == ["colorama", "six"]
        assert names("linux-x86_64", "macos-arm64") == ["six"]
        assert names("windows-x86_64") == ["colorama", "six"]
        # Wheels for Windows only, and no sources to build on another system.
        with pytest.raises(ProviderError, match="pywin32"):
            resolve(context, {}, requirements=["pywin32"], platforms=["linux-x86_64"])

    def test_a_users_settings_for_uv_are_not_read(
        self, context: ProviderContext, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        (tmp_path / "uv.toml").write_text('exclude-newer = "2015-01-01T00:00:00Z"\n')
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("UV_CONFIG_FILE", str(tmp_path / "uv.toml"))
        assert resolve(context, {}, requirements=["six==1.17.0"])["packages"]

    def test_a_home_is_not_needed(
        self, context: ProviderContext, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HOME", "/nowhere")
        assert resolve(context, {}, requirements=["six"])["packages"]
        assert os.listdir(context.cache_folder / "uv")  # noqa: PTH208
