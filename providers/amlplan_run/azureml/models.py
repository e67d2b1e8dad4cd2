"""Models of the workspace: registered from a run, found by name, fetched into its folder."""

import os

from amlplan_run.azureml import family, served_models
from amlplan_run.azureml.asking import asked
from amlplan_run.azureml.errors import ModelNotFoundException
from amlplan_run.azureml.unsupported import Supported
from amlplan_run.service import quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Mapping, Optional

FETCHED = "azureml-models"
"""Where models are put in the working folder; it is not kept with the run."""


class Model(Supported):
    """A version of a model."""

    origin = "azureml.core.model:Model"

    def __init__(
        self,
        workspace: object,
        name: "Optional[str]" = None,
        id: "Optional[str]" = None,
        tags: "Any" = None,
        properties: "Any" = None,
        version: "Optional[object]" = None,
        run_id: "Optional[str]" = None,
        model_framework: "Optional[str]" = None,
        **_: object,
    ) -> None:
        if id is not None:
            name, _colon, version = id.partition(":")
        found = Model.list(workspace, name, tags, properties, run_id, version=version)
        if not found:
            shown = name if version is None else "%s, version %s" % (name, version)
            raise ModelNotFoundException("The workspace has no such model: %s." % shown)
        self._fields: "Dict[str, Any]" = found[0]._fields

    @classmethod
    def _of(cls, fields: "Dict[str, Any]") -> "Model":
        model = cls.__new__(cls)
        model._fields = fields
        return model

    @property
    def name(self) -> str:
        """The name that its versions share."""
        return str(self._fields["name"])

    @property
    def version(self) -> "Any":
        """The version, a number where it is one."""
        version = str(self._fields["version"])
        return int(version) if version.isdigit() else version

    @property
    def id(self) -> str:
        """The name and the version, as in `digits:3`."""
        return "%s:%s" % (self.name, self._fields["version"])

    @property
    def description(self) -> "Optional[str]":
        """What it is."""
        return _text(self._fields.get("description"))

    @property
    def created_time(self) -> "Optional[str]":
        """When it was registered."""
        return _text(self._fields.get("created"))

    @property
    def run_id(self) -> "Optional[str]":
        """The run that it came from."""
        return _text(self._fields.get("run"))

    @property
    def model_framework(self) -> "Optional[str]":
        """The library that made it."""
        return _text(self._fields.get("framework"))

    @property
    def tags(self) -> "Dict[str, str]":
        """Its tags."""
        return dict(self._fields.get("tags") or {})

    @property
    def properties(self) -> "Dict[str, str]":
        """Its properties."""
        return dict(self._fields.get("properties") or {})

    def __repr__(self) -> str:
        return "Model(name=%s, id=%s, version=%s)" % (self.name, self.id, self.version)

    def serialize(self) -> "Dict[str, Any]":
        """The model in a dictionary."""
        return {**self._fields, "id": self.id}

    def download(
        self,
        target_dir: "Any" = ".",
        exist_ok: bool = False,
        exists_ok: "Optional[bool]" = None,
    ) -> str:
        """Put its files below a folder; gives their path."""
        return _fetched(self.name, self._fields["version"], os.path.abspath(target_dir))

    @staticmethod
    def register(
        workspace: object,
        model_path: "Any",
        model_name: str,
        tags: "Optional[Mapping[str, object]]" = None,
        properties: "Optional[Mapping[str, object]]" = None,
        description: "Optional[str]" = None,
        datasets: object = None,
        model_framework: "Optional[str]" = None,
        model_framework_version: "Optional[str]" = None,
        **_: object,
    ) -> "Model":
        """Register a file or folder as a version of a model."""
        from amlplan_run.azureml.run_files import found

        return register(
            model_name,
            found(model_path),
            run=family.own().id,
            tags=tags,
            properties=properties,
            framework=model_framework,
            framework_version=model_framework_version,
            description=description,
        )

    @staticmethod
    def list(
        workspace: object,
        name: "Optional[str]" = None,
        tags: "Any" = None,
        properties: "Any" = None,
        run_id: "Optional[str]" = None,
        latest: bool = False,
        *_: object,
        version: "Optional[object]" = None,
        **__: object,
    ) -> "List[Model]":
        """The versions that are there, the newest first."""
        path = "/amlplan/models" + ("?name=" + quoted(name) if name is not None else "")
        every = [Model._of(each) for each in reversed(asked("GET", path)["models"])]
        wanted = [
            model
            for model in every
            if (version is None or str(model.version) == str(version))
            and (run_id is None or model.run_id == run_id)
            and _has(tags, model.tags)
            and _has(properties, model.properties)
        ]
        return _newest(wanted) if latest else wanted

    @staticmethod
    def get_model_path(
        model_name: str, version: "Optional[object]" = None, _workspace: object = None
    ) -> str:
        """Put a model's files into the working folder, unless it is served; gives their path."""
        if served_models.are_there():
            return served_models.path_of(model_name, version)
        place = os.path.join(family.work(), FETCHED, model_name, str(version or "latest"))
        return _fetched(model_name, version, place)


def register(
    name: str,
    path: str,
    run: str,
    tags: "Optional[Mapping[str, object]]",
    properties: "Optional[Mapping[str, object]]",
    framework: "Optional[str]",
    framework_version: "Optional[str]",
    description: "Optional[str]",
) -> Model:
    """Register what lies at a path; the same content is the same version."""
    facts = dict(properties or {})
    if framework_version is not None:
        facts["framework_version"] = framework_version
    body = {
        "name": name,
        "path": path,
        "run": run,
        "tags": _texts(tags),
        "properties": _texts(facts),
    }  # type: Dict[str, object]
    if framework is not None:
        body["framework"] = str(framework)
    if description is not None:
        body["description"] = str(description)
    return Model._of(asked("POST", "/amlplan/models", body))  # noqa: SLF001 - of this module


def _fetched(name: str, version: "Optional[object]", target: str) -> str:
    wanted = None if version is None else str(version)
    body = {"name": name, "version": wanted, "alias": None, "target": target}
    return str(asked("POST", "/amlplan/models/fetch", dict(body))["path"])


def _texts(pairs: "Optional[Mapping[str, object]]") -> "Dict[str, str]":
    return {str(name): str(value) for name, value in dict(pairs or {}).items()}


def _text(value: object) -> "Optional[str]":
    return None if value is None else str(value)


def _newest(models: "List[Model]") -> "List[Model]":
    newest = {}  # type: Dict[str, Model]
    for model in models:
        newest.setdefault(model.name, model)
    return list(newest.values())


def _has(wanted: "Any", there: "Dict[str, str]") -> bool:
    """Whether a model has what is asked for: names, or pairs of a name and a value."""
    for each in wanted.items() if isinstance(wanted, dict) else wanted or ():
        name, value = (each, None) if isinstance(each, str) else each
        if name not in there or (value is not None and there[name] != str(value)):
            return False
    return True
