"""Registration of what a run made, or an earlier one, as a version of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amlplan.content import content_of, files_of
from amlplan.errors import HistoryError, ProviderError
from amlplan_endpoint.answers import FAILED, INVALID, MISSING, Refusal
from amlplan_endpoint.model_registry import Registered
from amlplan_endpoint.places import KeptFiles, place_of, split

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from amlplan_endpoint.answers import Json
    from amlplan_endpoint.service import Service
    from amlplan_local.versions import Version

URI = "mlflow-artifacts:"


def register(
    service: Service,
    name: str,
    run: str,
    source: Path | tuple[str, str],
    properties: Mapping[str, str] | None = None,
    framework: str | None = None,
) -> Version:
    """Register a file or folder, or a head and the rest of a path of artifacts, for a run.

    Raises Refusal. The version, its lineage and the run's record of it are there on return.
    """
    files, size, place = _found(service, source)
    version = service.models.add(
        name,
        Registered(
            files=files,
            size=size,
            framework=framework or _framework(files),
            properties=dict(properties or {}),
            lineage=_lineage(service, run, place),
        ),
    )
    told = f"{name}:{version.version}"
    if service.recording.find(run) is not None:
        service.recording.record(
            run, "model", name=name, version=version.version, id=told, digest=version.digest
        )
    try:
        service.history.add_edge(f"run:{run}", "registered", f"model:{told}")
    except HistoryError:  # the version's document has it too
        return version
    return version


def _found(
    service: Service, source: Path | tuple[str, str]
) -> tuple[dict[str, tuple[Path, str]], int, str]:
    """The files with their digests, their size, and their path in the working folder."""
    if isinstance(source, tuple):
        place = place_of(service, source[0])
        if isinstance(place, KeptFiles):
            return _kept(place, source[1])
        source = place.path(source[1])
    try:
        content = content_of(source, service.cache_folder)
        files = {name: (path, content.files[name]) for name, path in files_of(source)}
    except ProviderError as failure:
        raise Refusal(INVALID, f"{failure.summary}: {failure.detail}") from failure
    except KeyError as failure:
        raise Refusal(FAILED, f"{source} changed while it was registered.") from failure
    inside = source.is_relative_to(service.work)
    return files, content.size, str(source.relative_to(service.work) if inside else source)


def _kept(place: KeptFiles, folder: str) -> tuple[dict[str, tuple[Path, str]], int, str]:
    """The same of files that the workspace has already: their path ends with their digest."""
    head = f"{folder}/" if folder else ""
    found = {name: path for name, path in place.files.items() if name.startswith(head)}
    if not found:
        raise Refusal(MISSING, f"There is nothing at {folder!r}.")
    files = {name.removeprefix(head): (path, f"sha256:{path.name}") for name, path in found.items()}
    return files, sum(place.sizes[name] for name in found), folder


def source_of(uri: str) -> tuple[str, str]:
    """The head and the rest of a URI of artifacts; raises Refusal for one of another kind."""
    if not uri.startswith(URI):
        raise Refusal(
            INVALID,
            f"The source {uri!r} is not known here. Register what a run logged, as runs:/ID/path.",
        )
    return split(uri.removeprefix(URI).lstrip("/"))


def _lineage(service: Service, run: str, path: str) -> dict[str, Any]:
    root = service.recording.run(service.run_id)
    lineage: Json = {"run": run, "history": root.history, "path": path}
    return {**lineage, "number": root.number} if run == service.run_id else lineage


def _framework(files: Mapping[str, tuple[Path, str]]) -> str | None:
    """The flavor of a model that MLflow saved, as in `sklearn`."""
    if "MLmodel" not in files:
        return None
    import yaml

    try:
        described = yaml.safe_load(files["MLmodel"][0].read_bytes())
        flavors = [name for name in described["flavors"] if name != "python_function"]
    except (OSError, yaml.YAMLError, KeyError, TypeError):
        return None
    return flavors[0] if flavors else "python_function"
