"""One JSON Schema of a whole `*.hcl.json` file, from the models of the kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from amlplan.addresses import CHOSEN
from amlplan_schemas.base import block_fields, labelled_block_fields, reference_fields

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic import BaseModel

    from amlplan_schemas.base import ResourceInputs

    Schema = dict[str, Any]

_TEMPLATE: Final = {"$ref": "#/$defs/template"}
_NUMBER_OR_TEMPLATE: Final = r"[$%]\{|^[+-]?[0-9][0-9.eE+-]*$"
_ANY: Final[Mapping[str, Any]] = {}
_IMPLIED: Final = frozenset({"name", "workspace"})
"""Fields that are required of the model, and may be left out of a block."""
_COMMENT: Final = {"//": {"description": "A comment."}}
_BOOL: Final = {"anyOf": [{"type": "boolean"}, {"enum": ["true", "false"]}, _TEMPLATE]}
_WRITTEN_LIST: Final = {
    "anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "string"}]
}


def configuration_schema(models: Mapping[str, type[ResourceInputs]]) -> Schema:
    """The schema of a file; `models` has what users write in the blocks of each kind.

    A string may be a template, so every property takes one beside what it takes otherwise.
    """
    definitions: dict[str, Schema] = {}
    blocks: dict[str, Schema] = dict(_meta_blocks())
    kinds: dict[str, dict[str, Schema]] = {}
    for kind, model in sorted(models.items()):
        if CHOSEN in kind:
            continue  # written as its block type is
        block, _, second = kind.partition(".")
        body = _resource(kind, model, definitions)
        if second:
            kinds.setdefault(block, {})[second] = _labelled(body)
        else:
            blocks[block] = {**_labelled(body), "description": _first_line(model)}
    for block, labelled in kinds.items():
        definitions[block] = _object(labelled)
        blocks[block] = _one_or_many({"$ref": f"#/$defs/{block}"})
    file = _object(dict(sorted(blocks.items())))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "amlplan configuration",
        "description": "A file *.hcl.json of an amlplan project.",
        **_one_or_many({"$ref": "#/$defs/file"}),
        "$defs": {"file": file, **_SHARED, **definitions},
    }


def _resource(kind: str, model: type[BaseModel], definitions: dict[str, Schema]) -> Schema:
    """The reference to the body of a kind's blocks, which is put among the definitions."""
    return _body(kind, model, definitions, _META_ARGUMENTS)


def _body(
    name: str,
    model: type[BaseModel],
    definitions: dict[str, Schema],
    meta: Mapping[str, Schema] = _ANY,
) -> Schema:
    written = model.model_json_schema()
    nested, labelled = block_fields(model), labelled_block_fields(model)
    references = reference_fields(model)
    properties: dict[str, Schema] = {}
    dynamic: dict[str, Schema] = {}
    for field, info in model.model_fields.items():
        said = written["properties"][field]
        if field in nested or field in labelled:
            inner = nested.get(field) or labelled[field]
            body = _body(f"{name}.{field}", inner, definitions)
            found = _labelled(body) if field in labelled else _one_or_many(body)
            definitions[f"dynamic.{name}.{field}"] = _dynamic(body)
            dynamic[field] = _one_or_many({"$ref": f"#/$defs/dynamic.{name}.{field}"})
        elif field in references:
            found = _references(references[field].block, many=references[field].many)
        else:
            found = _or_template(said, written.get("$defs", {}))
        properties[field] = _annotated(found, said, info.description)
    required = [
        field
        for field, info in model.model_fields.items()
        if info.is_required() and not (meta and field in _IMPLIED) and field not in dynamic
    ]
    if dynamic:
        definitions[f"{name}.dynamic"] = _object(dynamic)
        properties["dynamic"] = _said(
            "Blocks that are made for each element of something.",
            _one_or_many({"$ref": f"#/$defs/{name}.dynamic"}),
        )
    described = {"description": _first_line(model)}
    definitions[name] = _object({**properties, **meta}, required) | described
    return {"$ref": f"#/$defs/{name}"}


def _annotated(found: Schema, said: Schema, description: str | None) -> Schema:
    result = dict(found)
    if description:
        result["description"] = description
    if said.get("default") is not None:
        result["default"] = said["default"]
    return result


def _references(block: str, *, many: bool) -> Schema:
    one = {**_TEMPLATE, "description": f"A block, as in ${{{block}.name}}."}
    if not many:
        return {"anyOf": [one, {"type": "null"}]}
    return {"anyOf": [{"type": "array", "items": one}, _TEMPLATE, {"type": "null"}]}


def _or_template(said: Schema, definitions: Mapping[str, Schema]) -> Schema:
    """What the model says of a value, and beside it a template; null is as good as left out."""
    options = [_converted(item, definitions) for item in said.get("anyOf", [said])]
    if options == [{}]:
        return {}
    if {"type": "null"} not in options:
        options.append({"type": "null"})
    if not any(_takes_all_strings(item) for item in options):
        options.append(dict(_TEMPLATE))
    return {"anyOf": options}


def _converted(said: Schema, definitions: Mapping[str, Schema]) -> Schema:
    """A schema of one type as the values of a configuration have it, which converts some."""
    if "$ref" in said:
        said = definitions[said["$ref"].rpartition("/")[2]]
    kept = {
        key: value
        for key, value in said.items()
        if key not in {"title", "description", "default", "anyOf"}
    }
    match kept.get("type"):
        case "string" if kept.keys() == {"type"}:
            return {"type": ["string", "number"]}
        case "integer" | "number" as kind:
            return {**kept, "type": [kind, "string"], "pattern": _NUMBER_OR_TEMPLATE}
        case "boolean":
            return {"enum": [True, False, "true", "false"]}
        case "array" if "items" in kept:
            return {**kept, "items": _or_template(kept["items"], definitions)}
        case "object" if (
            "additionalProperties" in kept and kept["additionalProperties"] is not True
        ):
            values = _or_template(kept["additionalProperties"], definitions)
            if any("string" in item.get("type", ()) for item in values.get("anyOf", ())):
                values["anyOf"].append({"type": "boolean"})  # becomes text in a map
            return {**kept, "additionalProperties": values}
    return kept


def _takes_all_strings(found: Schema) -> bool:
    kinds = found.get("type")
    is_open = not found.keys() & {"enum", "const", "minLength", "format"}
    has_pattern = found.get("pattern") not in {None, _NUMBER_OR_TEMPLATE}
    return isinstance(kinds, list) and "string" in kinds and is_open and not has_pattern


def _object(properties: Mapping[str, Schema], required: Iterable[str] = ()) -> Schema:
    found: Schema = {
        "type": "object",
        "properties": {**properties, **_COMMENT},
        "additionalProperties": False,
    }
    return found | ({"required": list(required)} if required else {})


def _one_or_many(one: Schema) -> Schema:
    # Not anyOf: a mistake is told where it is, not where the choice is.
    return {"if": {"type": "array"}, "then": {"items": one}, "else": one}


def _labelled(body: Schema) -> Schema:
    """Blocks with a label: the names of properties, of which there may be several objects."""
    return _one_or_many({"type": "object", "additionalProperties": _one_or_many(body)})


def _first_line(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").partition("\n")[0]


def _said(text: str, schema: Mapping[str, Any] = _ANY) -> Schema:
    return {**schema, "description": text}


def _dynamic(content: Schema) -> Schema:
    return _object(
        {
            "for_each": _said("A list, set, map or object: a block is made for each element."),
            "iterator": _said("What the element is called in content.", {"type": "string"}),
            "labels": _said("The labels of the block that is made.", _EXPRESSION_LIST),
            "content": _one_or_many(content),
        },
        ["for_each", "content"],
    )


_EXPRESSION_LIST: Final = {"anyOf": [{"type": "array"}, _TEMPLATE]}
_TEXT: Final = {"type": "string"}
_SEVERITIES: Final = ["warning", "error"]
_ADDRESS: Final = {"type": "string", "description": "An address, as in model.ridge."}
_CONDITION: Final = _one_or_many({"$ref": "#/$defs/condition"})
_LIFECYCLE: Final = _object(
    {
        "enabled": _said("Whether the block stands for anything.", _BOOL),
        "prevent_destroy": _said("Whether a plan that would delete it is refused.", _BOOL),
        "create_before_destroy": _said("Whether its replacement is made first.", _BOOL),
        "ignore_changes": _said("Fields whose changes are left alone, or all.", _WRITTEN_LIST),
        "replace_triggered_by": _said("Blocks whose change replaces it.", _WRITTEN_LIST),
        "precondition": _CONDITION,
        "postcondition": _CONDITION,
    }
)
_REPETITION: Final = {
    "for_each": _said("One object for each element of a map, object or set of strings."),
    "count": _said(
        "How many objects.",
        {"type": ["integer", "string"], "minimum": 0, "pattern": _NUMBER_OR_TEMPLATE},
    ),
    "depends_on": _said("Addresses of blocks that come first.", _WRITTEN_LIST),
}
_META_ARGUMENTS: Final = {
    **_REPETITION,
    "lifecycle": _one_or_many({"$ref": "#/$defs/lifecycle"}),
}
_SHARED: Final = {
    "template": {
        "description": "A string with a template in it.",
        "type": "string",
        "pattern": r"[$%]\{",
    },
    "condition": _object(
        {
            "condition": _said("What must be true.", _BOOL),
            "error_message": _said("What is said where it is not.", _TEXT),
        },
        ["condition", "error_message"],
    ),
    "lifecycle": _LIFECYCLE,
}


def _meta_blocks() -> Mapping[str, Schema]:
    """The blocks that are no resources."""
    state = _labelled({"type": "object"})
    variable = _object(
        {
            "type": _said("As the native syntax writes it, as in list(string).", _TEXT),
            "default": _said("Its value where none is given."),
            "description": _said("A sentence for people.", _TEXT),
            "sensitive": _said("Whether its value is never shown.", {"type": "boolean"}),
            "nullable": _said("Whether it may be null.", {"type": "boolean"}),
            "validation": _CONDITION,
        }
    )
    output = _object(
        {
            "value": _said("The value that is given."),
            "description": _said("A sentence for people.", _TEXT),
            "sensitive": _said("Whether its value is never shown.", {"type": "boolean"}),
            "precondition": _CONDITION,
        },
        ["value"],
    )
    module = {
        "type": "object",
        "properties": {
            "source": _said("A folder, with ./ or ../ in front.", {**_TEXT, "pattern": r"^\.\.?/"}),
            **_REPETITION,
        },
        "required": ["source"],
    }
    settings = _object(
        {
            "required_version": _said("Which amlplan may be used, as in >= 0.1.", _TEXT),
            "state": _said("Where the state is kept.", state),
        }
    )
    check = _object(
        {
            "assert": _CONDITION,
            "severity": _said("Whether it is a warning or an error.", {"enum": _SEVERITIES}),
        },
        ["assert"],
    )
    moved = _object({"from": _ADDRESS, "to": _ADDRESS}, ["from", "to"])
    destroy = _object({"destroy": _said("Whether the object is deleted.", {"type": "boolean"})})
    removed = _object({"from": _ADDRESS, "lifecycle": _one_or_many(destroy)}, ["from"])
    imported = _object({"to": _ADDRESS, "id": _said("What it is called outside.")}, ["to", "id"])
    project = _object(
        {
            "history": _said("The history that runs go into.", _TEXT),
            "default_run_config": _ADDRESS,
        }
    )
    return {
        "project": _said("What goes without saying for runs.", _one_or_many(project)),
        "check": _said("What should hold of the whole.", _labelled(check)),
        "import": _said("An object that is there already.", _one_or_many(imported)),
        "moved": _said("Where a block went.", _one_or_many(moved)),
        "removed": _said("What the state lets go of.", _one_or_many(removed)),
        "amlplan": _said("Settings of the project.", _one_or_many(settings)),
        "locals": _said("Values with names.", _one_or_many({"type": "object"})),
        "module": _said("A folder of configuration that is called.", _labelled(module)),
        "output": _said("A value that is shown and kept.", _labelled(output)),
        "variable": _said("A value that is given from outside.", _labelled(variable)),
    }
