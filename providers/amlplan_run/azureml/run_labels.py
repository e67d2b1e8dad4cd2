"""What a run is called and marked with: tags, properties, numbers and names."""

from amlplan_run.azureml.run_base import RunBase

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterable, Mapping, Optional


class Labels(RunBase):
    """The marks of a run: tags may change, properties never do."""

    @property
    def name(self) -> "Optional[str]":
        """The name of the run."""
        return self._facts.get("name")

    @property
    def display_name(self) -> "Optional[str]":
        """The name of the run."""
        return self.name

    @property
    def number(self) -> "Optional[int]":
        """The number of the run in its history; a child has none."""
        return self._facts.get("number")

    @property
    def type(self) -> str:
        """What kind of run it is."""
        return "azureml.scriptrun"

    def tag(self, key: str, value: "Optional[object]" = None) -> None:
        """Tag the run; the last value of a name counts."""
        self._native.tag(key, value)

    def set_tags(self, tags: "Mapping[str, object]") -> None:
        """Tag the run with several tags."""
        self._native.set_tags(tags)

    def remove_tags(self, tags: "Iterable[str]") -> None:
        """Take tags back."""
        for name in [tags] if isinstance(tags, str) else list(tags):
            self._native.remove_tag(name)

    def get_tags(self) -> "Dict[str, Any]":
        """The tags of the run as they are now."""
        return dict(self._facts.get("tags", {}))

    @property
    def tags(self) -> "Dict[str, Any]":
        """The tags of the run as they are now."""
        return self.get_tags()

    def add_properties(self, properties: "Mapping[str, object]") -> None:
        """Add facts that never change; the first value of a name counts."""
        self._native.add_properties(properties)

    def get_properties(self) -> "Dict[str, Any]":
        """The properties of the run."""
        return dict(self._facts.get("properties", {}))

    @property
    def properties(self) -> "Dict[str, Any]":
        """The properties of the run."""
        return self.get_properties()
