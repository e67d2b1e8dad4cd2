"""What a plan refuses of deployments on Docker, before any engine is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from amlplan.children import run_child
from amlplan.errors import NotFoundError, ProviderError
from amlplan.provider import Draft, Referred
from amlplan_docker.deployments.documents import Document
from amlplan_docker.deployments.plan import facts_of, fingerprint_of, refined
from amlplan_schemas.deployment import Deployment
from amlplan_schemas.state import Record, Tree

if TYPE_CHECKING:
    from pathlib import Path

ENGINE = {"architecture": "x86_64", "gpus": 0}


def draft(
    image: dict[str, Any] | None = None, facts: dict[str, Any] | None = None, **values: Any
) -> Draft:
    seen = {"digest": "sha256:d", "variables": {}, "platform": "linux/amd64", **(image or {})}
    kind = str(seen.pop("kind", "image@docker"))
    given = {"replicas": 1, "env": {}, "tls": None, "smoke": None, "gpu": None, **values}
    known = {name: value for name, value in given.items() if value is not ...}
    return Draft(
        "deployment.prod",
        "deployment@docker",
        "prod",
        known,
        frozenset(),
        referred={
            "image": Referred("image.scorer", kind, seen),
            "target": Referred(
                "compute.box", "compute.docker", {"facts": facts or ENGINE, "identity": "here"}
            ),
        },
    )


def refused(wanted: Draft, root: Path) -> str:
    with pytest.raises(ProviderError) as failure:
        facts_of(wanted, root)
    return f"{failure.value}"


def test_facts_are_the_digest_and_the_variables(tmp_path: Path) -> None:
    facts = facts_of(draft({"variables": {"A": "b"}}), tmp_path)
    assert facts == {"image_digest": "sha256:d", "variables": {"A": "b"}}


def test_an_image_of_another_architecture_is_refused(tmp_path: Path) -> None:
    text = refused(draft({"platform": "linux/arm64"}), tmp_path)
    assert "image.scorer is for linux/arm64, and the engine of compute.box runs on amd64" in text
    for machine in ("aarch64", "arm64"):
        facts_of(draft({"platform": "linux/arm64"}, {"architecture": machine}), tmp_path)


def test_an_image_on_another_engine_and_in_no_registry_is_refused(tmp_path: Path) -> None:
    away = {"engine": "other"}
    assert "is on the engine other" in refused(draft(away), tmp_path)
    facts_of(draft({**away, "registry": "registry.local:5000/fraud"}), tmp_path)
    facts_of(draft({"engine": "here"}), tmp_path)


def test_graphics_processors_that_are_not_there_are_refused(tmp_path: Path) -> None:
    assert "has 0" in refused(draft(gpu=1), tmp_path)
    facts_of(draft(gpu=1, facts={"gpus": 1}), tmp_path)
    facts_of(draft(gpu=1, facts={"architecture": "x86_64"}), tmp_path)


def test_probes_that_nobody_would_make_are_refused(tmp_path: Path) -> None:
    facts_of(draft(probes={"startup_timeout": "10s", "period": "10s"}), tmp_path)
    assert "probes.period" in refused(draft(probes={"period": "1s"}), tmp_path)


def test_a_bundle_of_this_host_is_refused(tmp_path: Path) -> None:
    assert "builder = compute.box" in refused(draft({"kind": "image"}), tmp_path)


@pytest.mark.parametrize("server", ["none", "azmlinfsrv"])
def test_a_secret_for_a_server_of_another_make_is_refused(server: str, tmp_path: Path) -> None:
    assert "sensitive variable" in refused(draft({"server": server}, env=...), tmp_path)
    facts_of(draft({"server": server}), tmp_path)
    facts_of(draft({"server": "amlplan"}, env=...), tmp_path)


def test_files_of_a_certificate_must_be_there_and_belong_together(tmp_path: Path) -> None:
    for name in ("one", "two"):
        files = ["-keyout", f"{name}.key", "-out", f"{name}.crt", "-subj", f"/CN={name}"]
        run_child(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *files], folder=tmp_path
        )
    good = {"cert_file": "one.crt", "key_file": "one.key"}
    facts = facts_of(draft(tls=good), tmp_path)
    assert facts["certificate"] == fingerprint_of((tmp_path / "one.crt").read_bytes())
    mixed = refused(draft(tls={**good, "key_file": "two.key"}), tmp_path)
    assert "no certificate with its private key" in mixed
    with pytest.raises(NotFoundError, match="gone"):
        facts_of(draft(tls={**good, "key_file": "gone.key"}), tmp_path)


def recorded(**outputs: Any) -> Record:
    return Record(
        address="deployment.prod",
        kind="deployment@docker",
        name="prod",
        generation=1,
        identity="one",
        provider="docker",
        inputs=Tree(values={"auth": {"mode": "key"}, "tls": None}),
        outputs=Tree(values={"revision": 1, "keys": {}, **outputs}),
    )


def test_what_a_front_keeps_is_known_through_a_change() -> None:
    front = {"name": "front", "image_id": "sha256:f", "state": "exited"}
    prior = recorded(front=front, address="127.0.0.1:8080", network="amlplan-box")
    document = Document(identity="one", name="prod", salt="s", active=1, last=1)
    wanted = draft({"image_id": "sha256:i"}, auth={"mode": "key"}, restart=None)
    known = refined(wanted, {}, prior, document, []).expected
    assert known["front"] == {**front, "state": "running"}
    assert (known["address"], known["network"]) == ("127.0.0.1:8080", "amlplan-box")
    assert (known["image_id"], known["restart_policy"]) == ("sha256:i", "unless-stopped")
    assert (known["certificate"], known["corrupted"]) == (None, [])
    made_again = refined(wanted, {}, prior, document, ["another port"]).expected
    assert not {"front", "address", "network"} & made_again.keys()
    elsewhere = refined(wanted, {}, prior, document, [], moved=True)
    assert not {"front", "address", "network"} & elsewhere.expected.keys()
    assert not elsewhere.stable


def test_names_of_variables_that_would_be_others_are_refused(tmp_path: Path) -> None:
    for name in ("", "A=B"):
        assert f"has {name!r} in env" in refused(draft(env={name: "x"}), tmp_path)


def test_what_is_no_address_is_refused() -> None:
    given = {"name": "prod", "image": "image.one", "target": "compute.box", "workspace": "w"}
    for listen in ("999.1.1.1", "::1::", "cafe"):
        with pytest.raises(ValueError, match="does not appear to be an IPv4 or IPv6 address"):
            Deployment.model_validate({**given, "listen": listen})
