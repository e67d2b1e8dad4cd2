"""Names of images on engines and in registries."""

import pytest

from amlplan.errors import NotFoundError, ProviderError
from amlplan_docker.images.names import by_digest, divided, host_of, repository_of, tag_of, use_of
from amlplan_docker.images.use import hold_image, is_held, let_go_of_image

DIGEST = "sha256:" + "0123456789abcdef" * 4


def test_an_image_has_the_beginning_of_its_digest_as_its_tag() -> None:
    assert tag_of(None, "scorer", DIGEST) == "amlplan/scorer:0123456789ab"
    assert (
        tag_of("localhost:5000/a/b", "scorer", DIGEST) == "localhost:5000/a/b/scorer:0123456789ab"
    )


@pytest.mark.parametrize(
    "registry",
    ["localhost:5000", "registry.example.net/fraud", "team", "127.0.0.1:5000/x", "[::1]:5"],
)
def test_registries_that_an_engine_takes(registry: str) -> None:
    assert repository_of(registry, "scorer") == f"{registry}/scorer"


@pytest.mark.parametrize(
    "registry", ["https://registry.example.net", "Registry/UPPER", "a b", "host:5000/", "x@y", ""]
)
def test_a_registry_that_no_engine_takes_is_refused(registry: str) -> None:
    with pytest.raises(ProviderError, match="An invalid registry"):
        repository_of(registry, "scorer")


def test_a_reference_needs_a_digest() -> None:
    named = by_digest(f"registry.local:5000/fraud/scorer:v1@{DIGEST}")
    assert named.text == f"registry.local:5000/fraud/scorer@{DIGEST}"
    for text in ("scorer:v1", "scorer@sha256:12", f"https://a/b@{DIGEST}", f"@{DIGEST}"):
        with pytest.raises(ProviderError, match="without a digest"):
            by_digest(text)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("a/b:c", ("a/b", "c")),
        ("localhost:5000/a", ("localhost:5000/a", "latest")),
        ("localhost:5000/a:1", ("localhost:5000/a", "1")),
    ],
)
def test_a_port_is_no_tag(name: str, parts: tuple[str, str]) -> None:
    assert divided(name) == parts


@pytest.mark.parametrize(
    ("repository", "host"),
    [
        ("localhost:5000/a", "localhost:5000"),
        ("registry.example.net/a/b", "registry.example.net"),
        ("localhost/a", "localhost"),
        ("team/scorer", "docker.io"),
        ("scorer", "docker.io"),
    ],
)
def test_the_host_whose_credentials_count(repository: str, host: str) -> None:
    assert host_of(repository) == host


class Tags:
    """A fake engine that has nothing but names."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}

    def tag(self, image: str, repository: str, tag: str) -> None:
        self.names[f"{repository}:{tag}"] = image

    def remove_image(self, reference: str) -> None:
        if self.names.pop(reference, None) is None:
            raise NotFoundError("No such image", reference)


def test_a_holder_keeps_one_image_at_a_time() -> None:
    engine = Tags()
    hold_image(engine, "one", "lineage:image:1")
    hold_image(engine, "two", "lineage:image:1")
    hold_image(engine, "two", "lineage:image:2")
    assert engine.names == {use_of("lineage:image:1"): "two", use_of("lineage:image:2"): "two"}
    assert is_held(engine.names)
    let_go_of_image(engine, "lineage:image:1")
    let_go_of_image(engine, "lineage:image:1")
    assert engine.names == {use_of("lineage:image:2"): "two"}
    assert not is_held(["amlplan/scorer:0123", "localhost:5000/amlplan/use:1"])
