"""The `yamlencode` function: the layout that Terraform writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from amlplan.config.expressions.conversion import as_text

if TYPE_CHECKING:
    from amlplan.values import Value

_CORE: Final = "tag:yaml.org,2002:"
_WIDTH: Final = 80
_ESCAPES: Final = {
    "\0": "0", "\a": "a", "\b": "b", "\t": "t", "\n": "n", "\v": "v", "\f": "f", "\r": "r",
    "\x1b": "e", '"': '"', "\\": "\\", "\x85": "N", "\u2028": "L", "\u2029": "P",
}  # fmt: skip
_LAST_OF_BLOCKS: Final = "\uffff"
_HEXADECIMAL: Final = (("x", 2), ("u", 4), ("U", 8))


def yamlencode(value: Value) -> Value:
    """Give a value as YAML: keys sorted, strings in double quotes, or as blocks of lines."""
    import yaml

    class Dumper(yaml.SafeDumper):  # type: ignore[misc] # it has no types
        def write_double_quoted(self, text: str, split: bool = True) -> None:  # noqa: FBT001, FBT002 - as the library has it
            _write_quoted(self, text, can_break=split)

        def check_simple_key(self) -> bool:
            is_empty = isinstance(self.event, yaml.ScalarEvent) and not self.event.value
            return bool(super().check_simple_key() or is_empty)

    text: str = yaml.serialize(
        _node(value), Dumper=Dumper, width=_WIDTH, allow_unicode=True, indent=2
    )
    return text.removesuffix("...\n") if isinstance(value, str | list | dict) else text


def _node(value: Value) -> Any:
    import yaml

    if isinstance(value, dict):
        pairs = [(_node(key), _node(value[key])) for key in sorted(value)]
        return yaml.MappingNode(f"{_CORE}map", pairs, flow_style=not pairs)
    if isinstance(value, list):
        return yaml.SequenceNode(
            f"{_CORE}seq", [_node(item) for item in value], flow_style=not value
        )
    if isinstance(value, str):
        has_lines = "\n" in value and max(value) <= _LAST_OF_BLOCKS
        return yaml.ScalarNode(f"{_CORE}str", value, style="|" if has_lines else '"')
    if value is None:
        return yaml.ScalarNode(f"{_CORE}null", "null")
    text = as_text(value)
    kind = "bool" if isinstance(value, bool) else "int" if isinstance(value, int) else "float"
    return yaml.ScalarNode(f"{_CORE}{kind}", text)


def _write_quoted(emitter: Any, text: str, *, can_break: bool) -> None:
    """Write a string in double quotes; behind column 80 a line ends at the next space."""
    emitter.write_indicator('"', need_whitespace=True)
    was_space = False
    for position, character in enumerate(text):
        is_space = character == " "
        is_inside = 0 < position < len(text) - 1
        if is_space and can_break and not was_space and emitter.column > _WIDTH and is_inside:
            emitter.write_indent()
            if text[position + 1] == " ":
                _write(emitter, "\\")
        else:
            _write(emitter, _escaped(character))
        was_space = is_space
    emitter.write_indicator('"', need_whitespace=False)


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return f"\\{_ESCAPES[character]}"
    if " " <= character <= "~" or ("\xa0" <= character <= "\ufffd" and character != "\ufeff"):
        return character
    code = f"{ord(character):X}"
    letter, width = next(item for item in _HEXADECIMAL if len(code) <= item[1])
    return f"\\{letter}{code:0>{width}}"


def _write(emitter: Any, text: str) -> None:
    emitter.stream.write(text)
    emitter.column += len(text)
