"""The options that ask for reports, and how these are written."""

from __future__ import annotations

import posixpath
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from amlplan.cli.options import Option
from amlplan.cli.output_files import OutputFile
from amlplan.errors import AmlplanError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from amlplan.cli.reports.report import Finding, Report
    from amlplan.planning.findings import PlanInputs
    from amlplan_schemas.drift import BlockPlace, DriftReport
    from amlplan_schemas.plan import Plan

Decorated = TypeVar("Decorated", bound="Callable[..., Any]")

_ASKED = "amlplan.reports"
_PRINTED = "-"
"""Stands for the output of the command instead of a file."""
_HELP = {
    "markdown": "Write the report as Markdown, at most 1 MiB.",
    "junit": "Write the report as JUnit, with a case for each resource.",
    "sarif": "Write the report as SARIF 2.1.0, with places in the configuration.",
    "gitlab-report": "Write what GitLab's artifacts:reports:terraform reads.",
    "github-output": 'Append values for later steps, as to "$GITHUB_OUTPUT".',
    "github-annotations": "Write commands that annotate files when a step of GitHub prints them.",
}


class ReportError(AmlplanError):
    """A report cannot be written; what the command found was printed all the same."""

    code = "output_failed"


class PrintedOption(Option):
    """An option that takes a file, and without one stands for the command's output."""

    without_value = _PRINTED


def report_options(function: Decorated) -> Decorated:
    """The options for report files; `write_plan_reports` writes what they ask for."""
    return _with_options(function, Option)


def report_options_and_printed(function: Decorated) -> Decorated:
    """The same, with -markdown alone for printing it; `write_drift_reports` writes them."""
    return _with_options(function, PrintedOption)


def _with_options(function: Decorated, markdown: type[Option]) -> Decorated:
    for name, text in reversed(_HELP.items()):
        function = click.option(
            f"--{name}",
            cls=markdown if name == "markdown" else Option,
            metavar="FILE",
            type=OutputFile(),
            expose_value=False,
            callback=_remember,
            help=f"{text} Without a file it is printed." if _is_printed(name, markdown) else text,
        )(function)
    return function


def _is_printed(name: str, markdown: type[Option]) -> bool:
    return name == "markdown" and markdown is PrintedOption


def _remember(ctx: click.Context, parameter: click.Parameter, value: str | None) -> None:
    if value is not None:
        ctx.meta.setdefault(_ASKED, {})[str(parameter.name).replace("_", "-")] = value


def prints_report(ctx: click.Context) -> bool:
    """Whether Markdown is to be printed instead of the text."""
    return bool(ctx.meta.get(_ASKED, {}).get("markdown") == _PRINTED)


def write_plan_reports(
    ctx: click.Context,
    plan: Plan,
    inputs: PlanInputs,
    plan_path: str | None = None,
    json_plan_path: str | None = None,
) -> None:
    """Write what the options of `amlplan plan` ask for; raises ReportError."""
    if not ctx.meta.get(_ASKED):
        return
    from amlplan.cli.reports.of_plan import of_plan

    paths = {"plan_path": plan_path or "", "json_plan_path": json_plan_path or ""}
    _write(ctx, of_plan(plan, inputs, _somewhere(inputs)), paths)


def write_drift_reports(ctx: click.Context, report: DriftReport, inputs: PlanInputs) -> str | None:
    """Write what the options of `amlplan drift` ask for; gives what is to be printed, if any."""
    if not ctx.meta.get(_ASKED):
        return None
    from amlplan.cli.reports.of_drift import of_drift

    return _write(ctx, of_drift(report, _somewhere(inputs)), {})


def _somewhere(inputs: PlanInputs) -> BlockPlace | None:
    """The first file of the configuration, for what has no block."""
    from amlplan_schemas.drift import BlockPlace

    for source in inputs.evaluation.configuration.files:
        return BlockPlace(filename=source.filename, line=1)
    return None


def _write(ctx: click.Context, report: Report, paths: Mapping[str, str]) -> str | None:
    """Write every report; gives the one to print."""
    from amlplan.cli.reports.github import step_outputs, workflow_commands
    from amlplan.cli.reports.gitlab import gitlab
    from amlplan.cli.reports.junit import junit
    from amlplan.cli.reports.markdown import markdown
    from amlplan.cli.reports.sarif import sarif

    from_repository = in_repository(report, _folder_in_repository(Path.cwd()))
    makers: dict[str, Callable[[], str]] = {
        "markdown": lambda: markdown(report),
        "junit": lambda: junit(from_repository),
        "sarif": lambda: sarif(from_repository),
        "gitlab-report": lambda: gitlab(report),
        "github-output": lambda: step_outputs(report, paths),
        "github-annotations": lambda: workflow_commands(from_repository),
    }
    printed = None
    for name, path in ctx.meta[_ASKED].items():
        text = makers[name]()
        if path == _PRINTED and name == "markdown":
            printed = text
        else:
            _write_file(Path(path), text, appends=name == "github-output")
    return printed


def _write_file(path: Path, text: str, *, appends: bool) -> None:
    try:
        # No step aside and rename: the file may be a pipe, or one that somebody watches.
        with path.open("a" if appends else "w", encoding="utf-8", errors="backslashreplace") as to:
            to.write(text)
    except OSError as failure:
        raise ReportError(
            "A report cannot be written",
            f"{path} could not be written: {failure.strerror}. Name another file, or make room.",
        ) from failure


def in_repository(report: Report, folder: str) -> Report:
    """The report with places as they are called from the root of a repository."""
    if not folder:
        return report

    def inside(place: BlockPlace | None) -> BlockPlace | None:
        if place is None:
            return None
        name = posixpath.normpath(f"{folder}/{place.filename}")
        return place.model_copy(update={"filename": name})

    def moved(finding: Finding) -> Finding:
        return replace(finding, place=inside(finding.place))

    return replace(
        report,
        resources=tuple(
            item.model_copy(update={"place": inside(item.place)}) for item in report.resources
        ),
        findings=tuple(map(moved, report.findings)),
        somewhere=inside(report.somewhere),
    )


def _folder_in_repository(root: Path) -> str:
    """The project's folder within its git repository; empty at its root, and without one."""
    for folder in (root, *root.parents):
        if (folder / ".git").exists():
            relative = root.relative_to(folder).as_posix()
            return "" if relative == "." else relative
    return ""
