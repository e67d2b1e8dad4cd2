"""What the blocks of a configuration hold, as the JSON syntax must know it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from amlplan.config.syntax.json_body import BlockForm, BodyForm
from amlplan_schemas.base import block_fields, labelled_block_fields

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pydantic import BaseModel

    ModelOf = Callable[[str], type[BaseModel]]

VALUES = BodyForm(all_plain=True)
"""A file of variable values."""


def _always(form: BodyForm) -> Callable[[Sequence[str]], BodyForm]:
    return lambda _labels: form


_LIFECYCLE = BlockForm(
    body=_always(
        BodyForm(
            blocks={"precondition": BlockForm(), "postcondition": BlockForm()},
            written=frozenset({"ignore_changes", "replace_triggered_by"}),
        )
    )
)
_META_BLOCKS = {
    "amlplan": BlockForm(
        body=_always(
            BodyForm(blocks={"state": BlockForm(1)}, plain=frozenset({"required_version"}))
        )
    ),
    "check": BlockForm(1, _always(BodyForm(blocks={"assert": BlockForm()}))),
    "import": BlockForm(body=_always(BodyForm(written=frozenset({"to"})))),
    "locals": BlockForm(),
    "moved": BlockForm(body=_always(BodyForm(written=frozenset({"from", "to"})))),
    "removed": BlockForm(
        body=_always(BodyForm(blocks={"lifecycle": BlockForm()}, written=frozenset({"from"})))
    ),
    "module": BlockForm(
        1, _always(BodyForm(written=frozenset({"depends_on"}), plain=frozenset({"source"})))
    ),
    "project": BlockForm(
        body=_always(
            BodyForm(written=frozenset({"default_run_config"}), plain=frozenset({"history"}))
        )
    ),
    "output": BlockForm(
        1,
        _always(BodyForm(blocks={"precondition": BlockForm()}, plain=frozenset({"description"}))),
    ),
    "variable": BlockForm(
        1,
        _always(
            BodyForm(
                blocks={"validation": BlockForm()},
                written=frozenset({"type"}),
                plain=frozenset({"description"}),
            )
        ),
    ),
}


def file_form(block_types: Mapping[str, frozenset[str]], model_of: ModelOf | None) -> BodyForm:
    """The form of a file; `block_types` has the kinds of each resource block type.

    `model_of` gives the model of a kind when its first block turns up. Without it everything in
    a resource is an attribute, which is enough for who does not look at resources.
    """
    resources = {
        block: _resource_form(block, kinds, model_of) for block, kinds in block_types.items()
    }
    return BodyForm(blocks={**resources, **_META_BLOCKS}, only_blocks=True)


def _resource_form(block: str, kinds: frozenset[str], model_of: ModelOf | None) -> BlockForm:
    has_kind = block not in kinds

    def body(labels: Sequence[str]) -> BodyForm:
        kind = f"{block}.{labels[0]}" if has_kind else block
        if model_of is None or kind not in kinds:
            return BodyForm()
        blocks = {**_inner_blocks(model_of(kind)), "lifecycle": _LIFECYCLE}
        return BodyForm(blocks=blocks, written=frozenset({"depends_on"}))

    return BlockForm(2 if has_kind else 1, body)


@cache
def _inner_blocks(model: type[BaseModel]) -> dict[str, BlockForm]:
    blocks = {
        name: BlockForm(labels, lambda _labels, inner=inner: BodyForm(_inner_blocks(inner)))  # type: ignore[misc]
        for labels, found in enumerate((block_fields(model), labelled_block_fields(model)))
        for name, inner in found.items()
    }

    def dynamic(labels: Sequence[str]) -> BodyForm:
        made = blocks.get(labels[0])
        content = BlockForm() if made is None else BlockForm(0, made.body)
        return BodyForm(blocks={"content": content}, written=frozenset({"iterator"}))

    return {**blocks, "dynamic": BlockForm(1, dynamic)}
