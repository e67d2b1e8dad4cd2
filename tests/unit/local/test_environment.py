from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from amlplan.errors import (
    AuthError,
    CanceledError,
    NotFoundError,
    ProviderError,
    UnreachableError,
)
from amlplan.provider import Desired, Draft, LockRequest
from amlplan.testing import CANARY, StandInOperation
from amlplan_local import resolve
from amlplan_local.environment import LocalEnvironment
from local_workbench import WORKSPACE

if TYPE_CHECKING:
    from pathlib import Path

    from amlplan.provider import ProviderContext

EXPORTED = """
lock-version = "1.0"
[[packages]]
name = "six"
version = "1.17.0"
marker = "python_full_version == '3.11.*'"
index = "https://{canary}@packages.example.net/simple"
sdist = {{ url = "https://x/s.tar.gz", upload-time = 2024-12-04, hashes = {{ sha256 = "bb" }} }}
wheels = [{{ url = "https://x/six.whl", hashes = {{ sha256 = "aa" }} }}]
"""


def draft_of(**values: Any) -> Draft:
    inputs = LocalEnvironment.kind.inputs.model_validate(
        {"name": "sk", "workspace": WORKSPACE, **values}
    )
    dumped = inputs.model_dump(mode="json")
    return Draft("environment.sk", "environment", "sk", dumped, frozenset())


def wanted(**values: Any) -> Draft:
    return draft_of(**{"python": "3.11", "requirements": ["six"], **values})


def request_of(context: ProviderContext, draft: Draft) -> LockRequest:
    (request,) = LocalEnvironment(context).lock_requests(draft)
    return request


@pytest.fixture
def fake_uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for uv that writes down how it was called and answers as `answer` says."""
    folder = tmp_path / "fake"
    folder.mkdir()
    (folder / "answer").write_text("0")
    (folder / "exported").write_text(EXPORTED.format(canary=CANARY))
    script = folder / "uv"
    script.write_text(
        f"#!{sys.executable}\n"
        "import json, os, pathlib, sys\n"
        f"folder = pathlib.Path({str(folder)!r})\n"
        "called = {'argv': sys.argv, 'environment': dict(os.environ)}\n"
        "called['project'] = pathlib.Path('pyproject.toml').read_text()\n"
        "(folder / f'call-{sys.argv[1]}').write_text(json.dumps(called))\n"
        "code, _, said = (folder / 'answer').read_text().partition(' ')\n"
        "print(said, file=sys.stderr)\n"
        "print((folder / 'exported').read_text() if sys.argv[1] == 'export' else '')\n"
        "sys.exit(int(code))\n"
    )
    script.chmod(0o755)
    monkeypatch.setattr(resolve, "find_uv", lambda: str(script))
    return folder


def answer(fake: Path, said: str) -> None:
    (fake / "answer").write_text(f"2 {said}")


def call(fake: Path, command: str = "lock") -> Any:
    return json.loads((fake / f"call-{command}").read_text())


def resolved(context: ProviderContext, draft: Draft, **values: Any) -> Any:
    request = request_of(context, draft)
    told = replace(draft, values=values)
    return LocalEnvironment(context).resolve(request, told, StandInOperation())


def test_equal_wishes_share_a_key_however_they_are_written(context: ProviderContext) -> None:
    (context.root / "requirements.txt").write_text(
        "# ours\nsix  # old\nnumpy==2.1.0 \\\n  --hash=sha256:aa\n-c limits.txt\n"
    )
    (context.root / "limits.txt").write_text("six<2\n")
    listed = request_of(context, wanted(requirements=[" six ", "numpy==2.1.0"]))
    filed = request_of(context, draft_of(python="3.11", requirements_file="requirements.txt"))
    assert filed.request == {**listed.request, "constraints": ["six<2"]}
    assert request_of(context, wanted(requirements=["six", "numpy==2.1.0"])).key == listed.key
    assert request_of(context, wanted(variables={"A": "b"})).key == (
        request_of(context, wanted()).key
    )


@pytest.mark.parametrize(
    "other",
    [
        {"python": "3.12"},
        {"requirements": ["six>1"]},
        {"index_url": "https://x/simple"},
        {"extra_index_urls": ["https://x/simple"]},
        {"find_links": ["wheels"]},
        {"platforms": ["linux-x86_64"]},
    ],
)
def test_what_decides_the_answer_is_in_the_key(context: ProviderContext, other: Any) -> None:
    assert request_of(context, wanted(**other)).key != request_of(context, wanted()).key


def test_credentials_are_not_in_the_request(context: ProviderContext) -> None:
    plain = request_of(context, wanted(index_url="https://packages.example.net/simple"))
    secret = request_of(
        context, wanted(index_url=f"https://ana:{CANARY}@packages.example.net/simple")
    )
    assert secret == plain


def test_a_sensitive_address_is_not_needed_for_the_key(context: ProviderContext) -> None:
    draft = wanted()
    values = {name: value for name, value in draft.values.items() if name != "index_url"}
    request = request_of(context, replace(draft, values=values))
    assert request.request["index_url"] == "(sensitive)"
    with pytest.raises(AuthError, match="is a secret that cannot be had"):
        LocalEnvironment(context).resolve(request, wanted(), StandInOperation())


def test_nothing_is_asked_for_what_is_unknown_or_kept_by_the_user(
    context: ProviderContext,
) -> None:
    provider = LocalEnvironment(context)
    mine = draft_of(user_managed=True, interpreter="/usr/bin/python3")
    assert provider.lock_requests(mine) == ()
    assert provider.derive(mine)["packages"] == 0
    assert provider.derive(mine) != provider.derive(
        draft_of(user_managed=True, interpreter="/opt/python3")
    )
    unknown = replace(wanted(), unknown=frozenset({"python"}))
    assert provider.lock_requests(unknown) == ()
    assert provider.derive(unknown) == {}


def test_the_digest_follows_settings_and_packages_only(context: ProviderContext) -> None:
    provider = LocalEnvironment(context)

    def digest(draft: Draft, version: str = "1") -> Any:
        key = request_of(context, draft).key
        lock = {key: {"python": "3.11", "packages": [{"name": "six", "version": version}]}}
        return provider.derive(replace(draft, lock=lock))["digest"]

    assert digest(wanted()) == digest(wanted(variables={"A": "b"}, tags={"a": "b"}))
    assert digest(wanted()) == digest(wanted(requirements=["six<9"]))
    assert digest(wanted()) != digest(wanted(), "2")
    assert digest(wanted()) != digest(wanted(platforms=["linux-x86_64"]))
    assert provider.derive(wanted()) == {}
    inputs = provider.kind.inputs.model_validate(dict(wanted().values))
    desired = Desired("environment.sk", "environment", "sk", "l:e:1", inputs, {}, {})
    with pytest.raises(ProviderError, match="Run: amlplan init"):
        provider.create(desired, StandInOperation())


def test_uv_is_told_everything_by_its_project(context: ProviderContext, fake_uv: Path) -> None:
    entry = resolved(context, wanted(platforms=["macos-arm64", "linux-x86_64"]))
    assert entry == {
        "python": "3.11",
        "packages": [
            {
                "name": "six",
                "version": "1.17.0",
                "marker": "python_full_version == '3.11.*'",
                "hashes": ["sha256:aa", "sha256:bb"],
            }
        ],
    }
    called = call(fake_uv)
    assert "--no-config" in called["argv"]
    assert called["environment"]["UV_SYSTEM_CERTS"] == "1"
    bounds = "python_full_version >= '3.11' and python_full_version < '3.12' and sys_platform =="
    for marker in ("'linux'", "'darwin'"):
        assert called["project"].count(f"{bounds} {marker}") == 2


def test_what_the_user_set_for_uv_elsewhere_has_no_say(
    context: ProviderContext, fake_uv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("UV_RESOLUTION", "UV_PRERELEASE", "UV_EXCLUDE_NEWER", "UV_PROJECT"):
        monkeypatch.setenv(name, "mine")
    monkeypatch.setenv("UV_HTTP_TIMEOUT", "7")
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example.net/simple")
    resolved(context, wanted())
    environment = call(fake_uv)["environment"]
    assert "mine" not in {value for name, value in environment.items() if name.startswith("UV_")}
    assert environment["UV_HTTP_TIMEOUT"] == "7"
    assert environment["UV_DEFAULT_INDEX"] == "https://mirror.example.net/simple"


def test_credentials_reach_uv_by_its_environment_only(
    context: ProviderContext, fake_uv: Path, tmp_path: Path
) -> None:
    indexes = {
        "index_url": f"https://ana:{CANARY}@packages.example.net/simple",
        "extra_index_urls": [
            f"https://{CANARY}@other.example.net/simple",
            "https://unasked.example.net",
        ],
    }
    draft = wanted(
        index_url="https://packages.example.net/simple",
        extra_index_urls=["https://other.example.net/simple", "https://third.example.net"],
    )
    entry = resolved(context, draft, **indexes)
    assert CANARY not in str(entry)
    for command in ("lock", "export"):
        called = call(fake_uv, command)
        assert CANARY not in str(called["argv"]) + called["project"]
        environment = called["environment"]
        assert environment["UV_DEFAULT_INDEX"] == indexes["index_url"]
        assert environment["UV_INDEX"] == (
            f"https://{CANARY}@other.example.net/simple https://third.example.net"
        )


def test_a_failure_does_not_tell_the_credentials(context: ProviderContext, fake_uv: Path) -> None:
    secret = f"https://ana:{CANARY}@packages.example.net/simple"
    answer(fake_uv, f"error: No solution found at {secret} for ana:{CANARY}")
    operation = StandInOperation()
    request = request_of(context, wanted(index_url="https://packages.example.net/simple"))
    with pytest.raises(ProviderError, match="No solution found") as caught:
        LocalEnvironment(context).resolve(request, wanted(index_url=secret), operation)
    chain: BaseException | None = caught.value
    while chain is not None:
        assert CANARY not in f"{chain!r} {chain}"
        chain = chain.__cause__ or chain.__context__
    assert CANARY not in str(operation.texts)
    assert operation.texts


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("error: Failed to fetch: x\n cause: dns error", UnreachableError),
        ("error: Failed to fetch: x\n cause: Connection refused (os error 111)", UnreachableError),
        ("error: x\n cause: operation timed out", UnreachableError),
        ("error: HTTP status server error (503 Service Unavailable) for url", UnreachableError),
        ("error: HTTP status client error (401 Unauthorized) for url (x)", AuthError),
        ("error: No solution found: timeout-decorator is not there", ProviderError),
        ("hint: Packages were unavailable because the network was disabled.", UnreachableError),
    ],
)
def test_silence_refusal_and_contradiction_are_told_apart(
    context: ProviderContext, fake_uv: Path, said: str, expected: type[ProviderError]
) -> None:
    answer(fake_uv, said)
    with pytest.raises(ProviderError) as caught:
        resolved(context, wanted())
    assert type(caught.value) is expected


def test_a_cancelled_resolution_ends(context: ProviderContext, fake_uv: Path) -> None:
    (fake_uv / "uv").write_text("#!/bin/sh\nsleep 100\n")
    request = request_of(context, wanted())
    with pytest.raises(CanceledError):
        LocalEnvironment(context).resolve(request, wanted(), StandInOperation(cancelled=True))


def test_a_local_wheel_stands_by_name_and_digest(context: ProviderContext, fake_uv: Path) -> None:
    wheel = context.root / "dist" / "my_features-1.0-py3-none-any.whl"
    wheel.parent.mkdir()
    wheel.write_bytes(b"one")
    text = "./dist/my_features-1.0-py3-none-any.whl ; sys_platform == 'linux'"
    first = request_of(context, wanted(requirements=[text]))
    relative = "dist/my_features-1.0-py3-none-any.whl"
    assert first.request["requirements"] == [f"my_features @ {relative} ; sys_platform == 'linux'"]
    digest = hashlib.sha256(b"one").hexdigest()
    assert first.request["wheels"] == {relative: f"sha256:{digest}"}
    resolved(context, wanted(requirements=[text]))
    uri = f"my_features @ {wheel.as_uri()} ; sys_platform == 'linux'"
    assert uri in call(fake_uv)["project"]
    wheel.write_bytes(b"two")
    assert request_of(context, wanted(requirements=[text])).key != first.key
    wheel.unlink()
    with pytest.raises(NotFoundError, match="Build it"):
        request_of(context, wanted(requirements=[text]))


@pytest.mark.parametrize(
    "text",
    [
        "six", "six==1.16", "six >= 1, <2", "six[a,b]~=1.0", "six===1", "six == 1.*",
        "six; python_version < '3.12'", "six (>=1)", "six @ https://x/six-1-py3-none-any.whl",
        "my.pkg-name_x>=1.0rc1", "torch==2.1+cpu", "six @ git+https://x/six@v1",
    ],
)  # fmt: skip
def test_requirements_are_taken_as_they_are(context: ProviderContext, text: str) -> None:
    assert request_of(context, wanted(requirements=[text])).request["requirements"] == [text]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("six = = 1", "is no requirement"),
        ("", "is no requirement"),
        ("./folder", "built into a wheel"),
        ("-e .", "is no requirement"),
        (f"x @ git+https://ana:{CANARY}@x/x", "a password"),
    ],
)
def test_what_is_no_requirement_is_named(context: ProviderContext, text: str, said: str) -> None:
    with pytest.raises(ProviderError, match=said) as caught:
        request_of(context, wanted(requirements=[text]))
    assert "environment.sk.requirements" in caught.value.detail
    assert CANARY not in str(caught.value)


def test_files_that_cannot_be_taken_are_explained(context: ProviderContext) -> None:
    path = context.root / "r.txt"

    def ask() -> LockRequest:
        return request_of(context, draft_of(python="3.11", requirements_file="r.txt"))

    with pytest.raises(NotFoundError, match=r"r\.txt does not exist"):
        ask()
    for text, said in [
        ("--index-url https://x\n", "Use index_url"),
        ("-e .\n", "build a wheel"),
        ("-r r.txt\n", "includes itself"),
        ("-r other.txt\n", r"other\.txt does not exist"),
    ]:
        path.write_text(text)
        with pytest.raises(ProviderError, match=said):
            ask()
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ProviderError, match="not UTF-8"):
        ask()


def test_a_pyproject_brings_its_dependencies_at_its_locked_versions(
    context: ProviderContext,
) -> None:
    (context.root / "pyproject.toml").write_text('[project]\ndependencies = ["six", "numpy"]\n')
    draft = draft_of(python="3.11", pyproject="pyproject.toml")
    loose = request_of(context, draft)
    assert loose.request["requirements"] == ["six", "numpy"]
    (context.root / "uv.lock").write_text(
        '[[package]]\nname = "six"\nversion = "1.16.0"\nsource = { registry = "x" }\n'
        '[[package]]\nname = "me"\nversion = "0"\nsource = { virtual = "." }\n'
        '[[package]]\nname = "numpy"\nversion = "2.0"\nsource = { registry = "x" }\n'
        "resolution-markers = [\"python_version < '3.12'\"]\n"
    )
    pinned = request_of(context, draft).request["constraints"]
    assert pinned == ["numpy==2.0 ; python_version < '3.12'", "six==1.16.0"]
    (context.root / "pyproject.toml").write_text("[project]\n")
    with pytest.raises(ProviderError, match=r"states no project\.dependencies"):
        request_of(context, draft)
