"""Writes what can be made from code and tests: pages, JSON Schemas, the table of completion."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from amlplan.addresses import CHOSEN, block_labels
from amlplan.cli.completion.table import completion_table
from amlplan.config.azureml.fields import TABLE
from amlplan.config.azureml.fields import Field as RunconfigField
from amlplan.config.azureml.workbench import NAMED, TRANSLATED
from amlplan.config.expressions.functions.excluded import EXCLUDED
from amlplan.config.expressions.functions.table import FAMILIES, OURS
from amlplan.config.reading.json_schema import configuration_schema
from amlplan_schemas.base import (
    Behaviour,
    ChoosesKind,
    ResourceInputs,
    ResourceOutputs,
    Trait,
    behaviour_of,
    block_fields,
    labelled_block_fields,
    marked_fields,
    reference_fields,
)
from amlplan_schemas.compute import (
    DockerCompute,
    DockerComputeOutputs,
    LocalCompute,
    LocalComputeOutputs,
)
from amlplan_schemas.datastore import LocalDatastore, LocalDatastoreOutputs
from amlplan_schemas.deployment import Deployment, DeploymentOutputs, DockerDeploymentOutputs
from amlplan_schemas.diagnostics import ValidationReport
from amlplan_schemas.drift import DriftReport
from amlplan_schemas.environment import Environment, EnvironmentOutputs
from amlplan_schemas.estimator import (
    CntkEstimator,
    GenericEstimator,
    PyTorchEstimator,
    TensorFlowEstimator,
)
from amlplan_schemas.image import DockerImageOutputs, Image, ImageOutputs
from amlplan_schemas.model import Model, ModelOutputs
from amlplan_schemas.plan import Plan
from amlplan_schemas.plan_output import PlanOutput
from amlplan_schemas.run_config import RunConfig
from amlplan_schemas.state import State
from amlplan_schemas.state_output import StateOutputDocument
from amlplan_schemas.stream import StreamLine
from amlplan_schemas.workspace import Workspace, WorkspaceOutputs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pydantic.fields import FieldInfo

    from amlplan.config.expressions.functions.function import Function

ROOT = Path(__file__).resolve().parent.parent
KINDS: dict[str, tuple[type[ResourceInputs], type[ResourceOutputs]]] = {
    "workspace": (Workspace, WorkspaceOutputs),
    "datastore.local": (LocalDatastore, LocalDatastoreOutputs),
    "compute.local": (LocalCompute, LocalComputeOutputs),
    "compute.docker": (DockerCompute, DockerComputeOutputs),
    "environment": (Environment, EnvironmentOutputs),
    "model": (Model, ModelOutputs),
    "image": (Image, ImageOutputs),
    "image@docker": (Image, DockerImageOutputs),
    "deployment": (Deployment, DeploymentOutputs),
    "deployment@docker": (Deployment, DockerDeploymentOutputs),
}
CONFIGURATION: dict[str, type[ResourceInputs]] = {
    "run_config": RunConfig,
    "estimator.generic": GenericEstimator,
    "estimator.tensorflow": TensorFlowEstimator,
    "estimator.pytorch": PyTorchEstimator,
    "estimator.cntk": CntkEstimator,
}
DOCUMENTS: dict[str, type[BaseModel]] = {
    "drift": DriftReport,
    "plan": Plan,
    "plan_output": PlanOutput,
    "state": State,
    "state_output": StateOutputDocument,
    "stream": StreamLine,
    "validation": ValidationReport,
}
CHANGE_WORDS = {
    Behaviour.REPLACE: "replaces it",
    Behaviour.UPDATE: "in place",
    Behaviour.METADATA: "state only",
    Behaviour.UNRECORDED: "not compared",
}
HCL_WORDS: dict[object, str] = {
    str: "string",
    bool: "bool",
    int: "number",
    float: "number",
    Any: "any value",
}
INTRODUCTION = """\
# Resources

<!-- Made by scripts/generate_docs from schemas/amlplan_schemas; do not edit. -->

Every kind of block that a provider manages: what you write (inputs), and what amlplan computes
(outputs); after them the blocks that only commands read. What a change of an input does is one of:

- *replaces it*: the old object goes, a new one comes;
- *in place*: the provider changes the object;
- *state only*: nothing outside changes, only the state is written;
- *not compared*: how you reach a thing, which is never a change.

An output that is *stable* keeps its value through an update, so what refers to it stays known at
plan; one that is *watched* is compared by `amlplan drift`. A path is relative to the folder of the
file that states it.
"""

ERRORS_INTRODUCTION = """\
# Errors

<!-- Made by scripts/generate_docs from tests/errors; do not edit. -->

Each mistake and failure has a code, which `amlplan validate -json` tells and which stays the same
when the words change. Here is one example of each, which a test runs; a code may be met in other
places too. These need more than files to be shown:

"""
_CASE_SECTION = re.compile(r"^-- (.+) --$", re.MULTILINE)
_EXIT_CODE = re.compile(r"^\[exit (\d+)\]$", re.MULTILINE)

FIELDS_SECTION = """
<!-- Made by scripts/generate_docs from amlplan/config/azureml/fields.py; do not edit. -->

What is named is a note, not an error: the run goes on without it.

"""
WHEN_WORDS = {
    "": "",
    "container": " where a container is asked for",
    "spark": " where the framework is PySpark",
    "cluster": " where the target is not `local`",
}

FUNCTIONS_SECTION = """
<!-- Made by scripts/generate_docs from amlplan/config/expressions/functions; do not edit. -->

They do what Terraform's functions of the same names do, which
[its documentation](https://developer.hashicorp.com/terraform/language/functions) describes; they
can be called as `core::upper("a")` too. Paths start at the folder of the configuration.

{functions}
A plan must be the same whenever and wherever it is made from the same commit and state. That, and
that secrets are references, is why some are left out:

{excluded}"""


def generated_files() -> Iterator[tuple[Path, str]]:
    """Each generated file with the text it should have."""
    yield ROOT / "docs/resources.md", resources_page()
    yield ROOT / "docs/language.md", language_page()
    yield ROOT / "docs/errors.md", errors_page()
    yield ROOT / "docs/azureml-files.md", azureml_files_page()
    for name, model in DOCUMENTS.items():
        yield ROOT / f"schemas/amlplan_schemas/json/{name}.schema.json", json_schema(model)

    table = json.dumps(completion_table(), indent=1, ensure_ascii=False)
    yield ROOT / "amlplan/cli/completion/table.json", table + "\n"
    path = ROOT / "schemas/amlplan_schemas/json/configuration.schema.json"
    yield path, configuration_json_schema()


def configuration_json_schema() -> str:
    """The published JSON Schema of a *.hcl.json file, with the kinds that amlplan brings."""
    models = {kind: inputs for kind, (inputs, _) in KINDS.items()} | CONFIGURATION
    return json.dumps(configuration_schema(models), indent=2, ensure_ascii=False) + "\n"


def json_schema(model: type[BaseModel]) -> str:
    """The published JSON Schema of a model."""
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return json.dumps(dialect | model.model_json_schema(), indent=2, ensure_ascii=False) + "\n"


def language_page() -> str:
    """The page on the language, with its section on functions made anew."""
    page = (ROOT / "docs/language.md").read_text(encoding="utf-8")
    before, heading, rest = page.partition("## Functions\n")
    _, following, after = rest.partition("\n## ")
    families = (
        (family + (" (amlplan's own)" if family == OURS else ""), _listed(functions))
        for family, functions in FAMILIES.items()
    )
    excluded = ((f"`{name}`", reason) for name, reason in EXCLUDED.items())
    section = FUNCTIONS_SECTION.format(
        functions=_table(("Of", "Functions"), families),
        excluded=_table(("Function", "Why it is not here"), excluded),
    )
    return before + heading + section + following + after


def azureml_files_page() -> str:
    """The page on files of Azure ML, with its table of fields made anew."""
    page = (ROOT / "docs/azureml-files.md").read_text(encoding="utf-8")
    before, heading, _ = page.partition("## Fields\n")
    rows = [(f"`{item.way}`", _field_words(item)) for item in TABLE]
    rows += [(f"`{name}` (Workbench)", f"as {later}") for name, later in TRANSLATED.items()]
    rows += [(f"`{name}` (Workbench)", f"named: {why}") for name, why in NAMED.items()]
    rows.append(("any other", "named; it stays in the file"))
    return before + heading + FIELDS_SECTION + _table(("Field", "What amlplan does"), rows)


def _field_words(field: RunconfigField) -> str:
    if field.used:
        return field.does
    says = [value for value in field.idle if value not in (None, False, "", [], {})]
    unless = "".join(f", unless it is `{json.dumps(value)}`" for value in says)
    return f"named{WHEN_WORDS[field.when]}{unless}: {field.does}"


def _listed(functions: Iterable[Function]) -> str:
    return " ".join(f"`{name}`" for name in sorted(function.name for function in functions))


def errors_page() -> str:
    """The page with every code and what it looks like."""
    examples = sorted((ROOT / "tests/errors").glob("*.case"))
    outside = (ROOT / "tests/errors/outside.txt").read_text(encoding="utf-8").splitlines()
    sections = "\n".join(_error_section(path) for path in examples)
    rows = ((f"`{code}`", text) for code, text in (line.split(": ", 1) for line in outside))
    return ERRORS_INTRODUCTION + _table(("Code", "When"), rows) + f"\n{sections}"


def _error_section(path: Path) -> str:
    """A code with its example: files, commands, and what the last of them prints."""
    parts = _CASE_SECTION.split(path.read_text(encoding="utf-8"))[1:]
    sections = list(zip(parts[::2], parts[1::2], strict=True))
    shown: list[str] = []
    for title, text in sections:
        is_last = (title, text) == sections[-1]
        if not title.startswith("$ "):
            shown.append(f"# {title}\n{text.strip(chr(10))}\n")
        elif is_last:
            printed = _EXIT_CODE.sub(r"(exit code \1)", text.strip("\n"))
            shown.append(f"{title}\n{printed}\n")
        else:
            shown.append(f"{title}\n")
    example = "\n".join(shown)
    return f"## {path.stem}\n\n```text\n{example}```\n"


def resources_page() -> str:
    """The page with the fields of every kind."""
    sections = [_kind_section(kind, *models) for kind, models in KINDS.items()]
    sections += [_kind_section(kind, model, None) for kind, model in CONFIGURATION.items()]
    return "\n".join([INTRODUCTION, *sections])


def _kind_section(
    kind: str, inputs: type[ResourceInputs], outputs: type[ResourceOutputs] | None
) -> str:
    block, second = block_labels(kind)
    if CHOSEN in kind and outputs is not None:
        return "\n".join([f"## {kind}\n", _chosen_words(kind, inputs), _outputs_table(outputs)])
    labels = f'"{second}" "LABEL"' if second else '"LABEL"'
    parts = [
        f"## {kind}\n",
        f"`{block} {labels}`: {_first_line(inputs)}\n",
        f"A name matches `{inputs.name_pattern}`.\n",
        _inputs_table("Input", inputs, is_planned=outputs is not None),
        *(
            _inputs_table(
                f"In `{name}`",
                model,
                is_planned=outputs is not None,
                within=behaviour_of(inputs, name),
            )
            for name, model in _blocks_in(inputs).items()
        ),
    ]
    if outputs is not None:
        parts.append(_outputs_table(outputs))
    return "\n".join(parts)


def _chosen_words(kind: str, inputs: type[ResourceInputs]) -> str:
    """When a block is of a kind that a reference chooses."""
    block, _, target = kind.partition(CHOSEN)
    [field] = marked_fields(inputs, ChoosesKind)
    return (
        f'`{block} "LABEL"` with the same fields, where `{field}` is a `{target}` target. It '
        "computes these.\n"
    )


def _outputs_table(outputs: type[ResourceOutputs]) -> str:
    return _table(("Output", "Type", "Holds", "What it is"), _output_rows(outputs))


def _blocks_in(model: type[BaseModel]) -> dict[str, type[BaseModel]]:
    return {**block_fields(model), **labelled_block_fields(model)}


def _first_line(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").partition("\n")[0]


def _inputs_table(
    title: str, model: type[BaseModel], *, is_planned: bool, within: Behaviour | None = None
) -> str:
    """The fields of a model; `within` is what a change of the block does that they are in."""
    rows = (
        (
            f"`{name}`",
            _block_words(model, name) or _type_words(info.annotation),
            _default_words(model, name, info),
            *([CHANGE_WORDS[_behaviour(model, name, within)]] if is_planned else []),
            info.description or "",
        )
        for name, info in model.model_fields.items()
    )
    change = ("A change",) if is_planned else ()
    return _table((title, "Type", "Default", *change, "What it is"), rows)


def _behaviour(model: type[BaseModel], name: str, within: Behaviour | None) -> Behaviour:
    """What a change of a field does: nothing more than one of the block that it is in."""
    is_personal = within is Behaviour.UNRECORDED
    return Behaviour.UNRECORDED if is_personal else behaviour_of(model, name)


def _block_words(model: type[BaseModel], name: str) -> str:
    referred = reference_fields(model).get(name)
    if referred is not None:
        return f"list of `{referred.block}`" if referred.many else f"`{referred.block}`"
    if name in labelled_block_fields(model):
        return "labelled blocks"
    return "block" if name in block_fields(model) else ""


def _output_rows(model: type[BaseModel], before: str = "") -> Iterator[tuple[str, ...]]:
    for name, info in model.model_fields.items():
        traits = ", ".join(mark.value for mark in info.metadata if isinstance(mark, Trait))
        kind = _type_words(info.annotation)
        yield f"`{before}{name}`", kind, traits, info.description or ""
        if name in block_fields(model):
            yield from _output_rows(block_fields(model)[name], f"{before}{name}.")


def _default_words(model: type[BaseModel], name: str, info: FieldInfo) -> str:
    if name == "name" and issubclass(model, ResourceInputs):
        return "the label"
    if name == "workspace" and issubclass(model, ResourceInputs):
        return "the only or default one"
    if info.is_required():
        return "required"
    default = info.get_default(call_default_factory=True, validated_data={})
    if default is None:
        return "none"
    if isinstance(default, BaseModel):
        return "as below"
    return f"`{json.dumps(default)}`"


def _type_words(annotation: object) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type_words(arguments[0])
    if origin in (Union, UnionType):
        return " or ".join(_type_words(item) for item in arguments if item is not NoneType)
    if origin is Literal:
        return " or ".join(f"`{json.dumps(item)}`" for item in arguments)
    if origin is tuple:
        return f"list of {_type_words(arguments[0])}"
    if origin is dict:
        return f"map of {_type_words(arguments[1])}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "object"
    return HCL_WORDS[annotation]


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join("| " + " | ".join(cells) + " |\n" for cells in lines)


def main() -> None:
    """Write every generated file that is not as it should be."""
    for path, text in generated_files():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            print(f"wrote {path.relative_to(ROOT)}", file=sys.stderr)


if __name__ == "__main__":
    main()
