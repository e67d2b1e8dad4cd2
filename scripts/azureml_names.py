"""Lists the public names of the Azure ML SDK v1, read from its wheels without running them.

Prints providers/amlplan_run/azureml/names.json, or writes it with -write. The wheels come from the
package index by pip; nothing is installed. Newer versions come first: an older one adds what was
removed since.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tarfile
import tempfile
import warnings
import zipfile
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
PATH = ROOT / "providers" / "amlplan_run" / "azureml" / "names.json"
GENERATIONS = (
    (
        "azureml-core==1.61.0.post4",
        "azureml-telemetry==1.62.0",
        "azureml-train-core==1.62.0",
        "azureml-train-restclients-hyperdrive==1.62.0",
        "azureml-train-automl-client==1.62.0",
        "azureml-contrib-services==1.62.0",
    ),
    (
        "azureml-core==1.0.2",
        "azureml-telemetry==1.0.2",
        "azureml-train-core==1.0.2",
        "azureml-train-automl==1.0.2",
        "azureml-contrib-services==1.0.2",
    ),
    (
        "azureml-core==0.1.59",
        "azureml-telemetry==0.1.59",
        "azureml-train-core==0.1.59",
        "azureml-train-automl==0.1.59",
    ),
)
"""Wheels of the newest SDK, of the first one, and of the previews of 2018."""
PIP = (
    *(sys.executable, "-m", "pip", "download", "-q", "--no-deps"),
    "--disable-pip-version-check",
)
ARCHIVES = ("azureml-monitoring==0.1.0a21",)
"""What is there as source only; its setup.py is run by pip to know its name."""
PACKAGES = (
    *("azureml.core", "azureml.data", "azureml.exceptions", "azureml.train", "azureml.telemetry"),
    *("azureml.monitoring", "azureml.contrib"),
)
PRIVATE = ("azureml.core.run:_OfflineRun", "azureml.core.run:_SubmittedRun")
"""Names that scripts use although they begin with an underscore."""
BUILTIN_ERRORS = {"Exception", "ValueError", "TypeError", "RuntimeError", "KeyError", "OSError"}


Table = dict[str, dict[str, dict[str, str]]]


class Source:
    """The modules of one distribution by their dotted name, and what is defined in each."""

    def __init__(self, texts: dict[str, str]) -> None:
        self.packages = {name.removesuffix(".__init__") for name in texts if is_package(name)}
        self.modules = {
            name.removesuffix(".__init__"): Module(name, text) for name, text in texts.items()
        }

    def find(self, module: str, name: str, depth: int = 20) -> tuple[str, str, str] | None:
        """Where a name is defined: module, name there, and its kind."""
        if f"{module}.{name}" in self.modules and depth:
            return f"{module}.{name}", "", "module"
        found = self.modules.get(module)
        if found is None or not depth:
            return None
        if name in found.kinds:
            kind = found.kinds[name]
            return module, name, "error" if kind == "class" and self.is_error(found, name) else kind
        if name in found.imports:
            return self.find(*found.imports[name], depth - 1)
        for wild in found.wildcards:
            there = self.find(wild, name, depth - 1)
            if there is not None:
                return there
        return None

    def is_error(self, module: Module, name: str) -> bool:
        """Whether a class is an exception."""
        return self.error_base(module, name) is not None

    def error_base(self, module: Module, name: str) -> str | None:
        """The first base of an exception: `module:name`, or one of Python's."""
        for base in module.bases.get(name, ()):
            if base in BUILTIN_ERRORS:
                return base
            there = self.find(module.name, base)
            if there is not None and there[2] == "error":
                return f"{there[0]}:{there[1]}"
        # One of a distribution that is not looked at may be its base.
        return "Exception" if name.endswith(("Exception", "Error")) else None

    def public(self, module: Module) -> Iterator[str]:
        """The names of a module that scripts may import."""
        for name in [*module.kinds, *module.listed]:
            if not name.startswith("_") or name in module.listed:
                yield name
        for name, (origin, _) in module.imports.items():
            is_shown = module.name in self.packages or is_public(origin)
            if not name.startswith("_") and is_shown:
                yield name
        for wild in module.wildcards:
            if wild in self.modules:
                yield from self.public(self.modules[wild])
        yield from (name.split(":")[1] for name in PRIVATE if name.split(":")[0] == module.name)


class Module:
    """What one file defines and imports."""

    def __init__(self, path: str, text: str) -> None:
        self.name = path.removesuffix(".__init__")
        self._package = self.name if is_package(path) else self.name.rpartition(".")[0]
        self.kinds: dict[str, str] = {}
        self.bases: dict[str, list[str]] = {}
        self.members: dict[str, list[str]] = {}
        self.imports: dict[str, tuple[str, str]] = {}
        self.wildcards: list[str] = []
        self.listed: list[str] = []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Python says of the sources is not ours
            tree = ast.parse(text)
        for statement in statements(tree.body):
            self._take(statement)

    def _take(self, node: ast.stmt) -> None:
        if isinstance(node, ast.ClassDef):
            self.kinds[node.name] = "class"
            self.bases[node.name] = [base.id for base in node.bases if isinstance(base, ast.Name)]
            self.members[node.name] = sorted(set(members(node)))
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            self.kinds[node.name] = "function"
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            self._assign(node)
        elif isinstance(node, ast.ImportFrom):
            self._import(node)

    def _assign(self, node: ast.Assign | ast.AnnAssign) -> None:
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            if isinstance(target, ast.Name) and target.id == "__all__":
                found = ast.walk(node.value) if node.value else iter(())
                words = (each.value for each in found if isinstance(each, ast.Constant))
                self.listed = [word for word in words if isinstance(word, str)]
            elif isinstance(target, ast.Name) and not target.id.startswith("__"):
                self.kinds[target.id] = "value"

    def _import(self, node: ast.ImportFrom) -> None:
        origin = node.module or ""
        if node.level:
            parts = self._package.split(".")
            origin = ".".join([*parts[: len(parts) - node.level + 1], *filter(None, [origin])])
        if not origin.startswith("azureml."):
            return
        for alias in node.names:
            if alias.name == "*":
                self.wildcards.append(origin)
            else:
                self.imports[alias.asname or alias.name] = (origin, alias.name)


def statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """What a module does when it is imported, in whichever branch."""
    for node in body:
        yield node
        if isinstance(node, ast.If | ast.Try):
            handlers = [each for handler in getattr(node, "handlers", ()) for each in handler.body]
            final = getattr(node, "finalbody", [])
            yield from statements([*node.body, *node.orelse, *handlers, *final])


def members(node: ast.ClassDef) -> Iterator[str]:
    """The public members of a class."""
    for each in node.body:
        if isinstance(each, ast.FunctionDef) and not each.name.startswith("_"):
            yield each.name
        if isinstance(each, ast.Assign):
            names = (target.id for target in each.targets if isinstance(target, ast.Name))
            yield from (name for name in names if not name.startswith("_"))


def is_package(path: str) -> bool:
    """Whether a module of a file is a package."""
    return path.endswith(".__init__")


def is_public(module: str) -> bool:
    """Whether scripts import a module."""
    inside = any(module == each or module.startswith(each + ".") for each in PACKAGES)
    return inside and not any(part.startswith("_") for part in module.split("."))


def texts_of(archive: Path) -> dict[str, str]:
    """The Python files of a wheel or a source archive, by module."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as file:
            found = {name: file.read(name) for name in file.namelist() if name.endswith(".py")}
    else:
        with tarfile.open(archive) as tar:
            paths = [each for each in tar.getmembers() if each.name.endswith(".py")]
            opened = {each.name.partition("/")[2]: tar.extractfile(each) for each in paths}
            found = {name: file.read() for name, file in opened.items() if file is not None}
    return {
        name.removesuffix(".py").replace("/", "."): content.decode("utf-8-sig")
        for name, content in found.items()
        if name.startswith("azureml/")
    }


def listing(generations: list[list[Path]], detailed: dict[str, str]) -> dict[str, object]:
    """Modules and their names by kind; with the members of the classes in `detailed`."""
    table: Table = defaultdict(lambda: defaultdict(dict))
    merged: dict[str, str] = {}
    for generation in generations:
        texts = {name: text for each in generation for name, text in texts_of(each).items()}
        merged = {**texts, **merged}
        add(Source(texts), table)
    described = Source(merged)
    add(described, table)
    for origin in detailed:
        module, _, name = origin.partition(":")
        found = described.modules[module]
        table[module]["members"][name] = " ".join(all_members(described, found, name))
    return {name: plain(table[name]) for name in sorted(table)}


def all_members(source: Source, module: Module, name: str) -> list[str]:
    """The members of a class and of those it is made from."""
    every = set(module.members.get(name, ()))
    for base in module.bases.get(name, ()):
        there = source.find(module.name, base)
        if there is not None and there[2] in {"class", "error"}:
            every.update(all_members(source, source.modules[there[0]], there[1]))
    return sorted(every)


def add(source: Source, table: Table) -> None:
    """Add the names of all public modules that are not there yet."""
    for module in source.modules.values():
        if not is_public(module.name):
            continue
        seen = table[module.name]
        for name in source.public(module):
            there = source.find(module.name, name)
            if there is None or any(name in names for names in seen.values()):
                continue
            origin, original, kind = there
            if kind == "module":
                continue
            if (origin, original) != (module.name, name):
                seen["from"][name] = f"{origin}:{original}"
            define(source, table, origin, original, kind)


def define(source: Source, table: Table, module: str, name: str, kind: str) -> None:
    """Add a name where it is defined, and with an exception those that it is made from."""
    seen = table[module]
    if any(name in names for names in seen.values()):
        return
    base = source.error_base(source.modules[module], name) or "" if kind == "error" else ""
    seen[kind][name] = base
    if ":" in base:
        parent, _, parent_name = base.partition(":")
        define(source, table, parent, parent_name, "error")


def plain(names: dict[str, dict[str, str]]) -> dict[str, object]:
    """One module as it is written: names of a kind in one text, with what belongs to each."""
    written: dict[str, object] = {}
    for kind in ("class", "function", "value"):
        if kind in names:
            written[kind] = " ".join(sorted(names[kind]))
    for kind in ("error", "from", "members"):
        if kind in names:
            written[kind] = dict(sorted(names[kind].items()))
    return written


def downloaded(folder: Path) -> list[list[Path]]:
    """The archives by generation, from the index; raises CalledProcessError without one."""
    wheels = ("--only-binary=:all:", "--python-version=3.9")
    generations = []
    for number, names in enumerate(GENERATIONS):
        there = folder / str(number)
        for options, wanted in ((wheels, names), ((), ARCHIVES if not number else ())):
            if wanted:
                subprocess.run(
                    [*PIP, *options, "-d", str(there), *wanted], check=True, capture_output=True
                )
        generations.append(sorted(there.iterdir()))
    return generations


def text_of(generations: list[list[Path]]) -> str:
    """The file: one module a line, so that a difference is read."""
    sys.path.insert(0, str(ROOT / "providers"))
    from amlplan_run.azureml.supported import CLASSES

    modules = listing(generations, CLASSES)
    lines = ",\n".join(
        f"{json.dumps(name)}: {json.dumps(names)}" for name, names in modules.items()
    )
    return "{\n" + lines + "\n}\n"


def main() -> None:
    """Print the list, or write it."""
    with tempfile.TemporaryDirectory() as folder:
        text = text_of(downloaded(Path(folder)))
    if "-write" in sys.argv[1:]:
        PATH.write_text(text, encoding="utf-8")
    else:
        print(text, end="")


if __name__ == "__main__":
    main()
