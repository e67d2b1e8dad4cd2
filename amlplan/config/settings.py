"""The `amlplan` block: where the state is kept, and which amlplan may be used."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from amlplan.config.expressions.evaluate import EvaluationError, evaluate
from amlplan.config.expressions.functions.table import FUNCTIONS
from amlplan.config.expressions.scope import Scope
from amlplan.config.syntax.references import references
from amlplan.diagnostics import Diagnostic, SourceFile, SourceRange, error
from amlplan.secrets import reveal
from amlplan.values import UNKNOWN, is_sensitive

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.config.blocks import Configuration
    from amlplan.config.syntax.nodes import Attribute, Expression
    from amlplan.secrets import Secrets
    from amlplan.values import Value
    from amlplan_schemas.base import JsonValue

UNKNOWN_SETTING = "unknown_setting"
"""The code of the one problem that does not matter to whoever needs no state."""
_CONSTRAINT = re.compile(r"\s*(>=|<=|!=|~>|>|<|=)?\s*(\d+(?:\.\d+){0,2})\s*\Z")


def state_settings(
    configuration: Configuration,
    variables: Mapping[str, Value],
    secrets: Secrets,
    environment: Mapping[str, str],
) -> tuple[dict[str, JsonValue], list[Diagnostic]]:
    """The arguments of the `state` block; `AMLPLAN_STATE` is the path where it is set."""
    settings: dict[str, JsonValue] = {}
    problems: list[Diagnostic] = []
    body, source = configuration.settings.state_body, configuration.settings.source
    if body is not None and source is not None:
        scope = Scope({"var": variables}, FUNCTIONS, configuration.root, secrets.resolve)
        for name, attribute in body.attributes.items():
            try:
                known = _with_locals(attribute.expression, configuration, scope)
                found = evaluate(attribute.expression, known, source)
            except EvaluationError as failure:
                problems.extend(failure.diagnostics)
                continue
            if name == "path" and is_sensitive(found):
                problems.append(_sensitive_path(attribute, source))
                continue
            value = reveal(found, secrets)
            if value is UNKNOWN:
                problems.append(_unknown_setting(name, attribute, source))
            else:
                settings[name] = value
    if environment.get("AMLPLAN_STATE"):
        settings["path"] = environment["AMLPLAN_STATE"]
    return settings, problems


def _with_locals(
    expression: Expression, configuration: Configuration, scope: Scope, above: tuple[str, ...] = ()
) -> Scope:
    """The scope with the locals that an expression needs; raises EvaluationError.

    Those that refer to resources are not known: the state is what resources are read from.
    """
    values: dict[str, Value] = {}
    for traversal in references(expression):
        name = str(traversal.steps[0].key) if traversal.root == "local" and traversal.steps else ""
        placed = configuration.locals.get(name)
        if (
            placed is not None and name not in above
        ):  # else it is reported as undeclared, or a cycle
            inner = _with_locals(placed.expression, configuration, scope, (*above, name))
            values[name] = evaluate(placed.expression, inner, placed.source)
    return scope.with_values({"local": values})


def _unknown_setting(name: str, attribute: Attribute, source: SourceFile) -> Diagnostic:
    # Going on without it would look into another state, and find it empty.
    return error(
        UNKNOWN_SETTING,
        "Unknown setting of the state",
        f"The value of {name} is made from a variable that has none here, or from a secret that "
        "cannot be had, so the state cannot be found. Give it, as with AMLPLAN_VAR_name or in "
        "amlplan.amlvars.",
        SourceRange(source, attribute.expression.start, attribute.expression.end),
    )


def _sensitive_path(attribute: Attribute, source: SourceFile) -> Diagnostic:
    return error(
        "sensitive_setting",
        "Sensitive path of the state",
        "Messages show where the state is, so its path must not be sensitive. Make it from "
        "values that may be told.",
        SourceRange(source, attribute.expression.start, attribute.expression.end),
    )


def check_required_version(configuration: Configuration, version: str) -> list[Diagnostic]:
    """What is wrong where this amlplan is not one that the configuration accepts."""
    required = configuration.settings.required_version
    source = configuration.settings.source
    if required is None or source is None:
        return []
    place = _place(source, required)
    matches = [(part, _CONSTRAINT.match(part)) for part in required.split(",")]
    problems = [
        error(
            "invalid_version_constraint",
            "Invalid version constraint",
            f'"{part.strip()}" is no constraint; write it as in ">= 0.1" or "~> 1.2".',
            place,
        )
        for part, match in matches
        if match is None
    ]
    for _, match in matches if not problems else ():
        assert match is not None  # noqa: S101 - or there was a problem
        if not _satisfies(_parts(version), match[1] or "=", _parts(match[2]), match[2].count(".")):
            return [
                error(
                    "unsupported_version",
                    "Unsupported amlplan version",
                    f"This is amlplan {version}, and the configuration requires {required}. "
                    "Install a version that fits, or change the constraint.",
                    place,
                )
            ]
    return problems


def _place(source: SourceFile, text: str) -> SourceRange:
    start = source.text.find(f'"{text}"')
    return SourceRange(source, max(start, 0), max(start, 0) + len(text) + 2)


def _parts(version: str) -> tuple[int, int, int]:
    numbers = [int(part) for part in re.findall(r"\d+", version)[:3]]
    major, minor, patch = (*numbers, 0, 0, 0)[:3]
    return major, minor, patch


def _satisfies(version: tuple[int, ...], operator: str, bound: tuple[int, ...], dots: int) -> bool:
    if operator == "~>":
        # The last part given may rise, those before it may not.
        return version >= bound and version[:dots] == bound[:dots]
    return {
        ">=": version >= bound,
        "<=": version <= bound,
        ">": version > bound,
        "<": version < bound,
        "=": version == bound,
        "!=": version != bound,
    }[operator]
