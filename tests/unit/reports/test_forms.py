"""Every form of a report keeps its syntax, whatever names and texts are in it."""

from __future__ import annotations

import json
import re
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema

from amlplan.cli.reports.github import AT_MOST, step_outputs, workflow_commands
from amlplan.cli.reports.gitlab import gitlab
from amlplan.cli.reports.junit import junit
from amlplan.cli.reports.markdown import LIMIT, markdown
from amlplan.cli.reports.options import in_repository
from amlplan.cli.reports.report import Counts, Finding, Report, Rule
from amlplan.cli.reports.rules import DRIFT, PLAN, RULES
from amlplan.cli.reports.sarif import sarif
from amlplan_schemas.drift import BlockPlace, LookedAt
from amlplan_schemas.plan import DriftClass

GARBAGE = [
    'bench.a["<b>&amp;|]]>"]',
    'bench.a["`x` ``y`` ```"]',
    'bench.a["two\nlines\r\n::error::x"]',
    'bench.a["\x00\x01\x07\x1b[31m\x7f\x9b\u202e\ufffe\ud800"]',
    'bench.a["[x](javascript:1) {0} {{1}} %0A,:=%"]',
    'bench.a["@someone #1 *x* _y_ ~~z~~ ![i](j) <!-- "]',
    'bench.a["é𝄞"]',
    "",
]
CHANGED = DRIFT[DriftClass.CHANGED_OUTSIDE]
UNREACHABLE = DRIFT[DriftClass.UNREACHABLE]
PENDING = DRIFT[DriftClass.PENDING_CONFIG]


def finding(address: str, rule: Rule = CHANGED, text: str = "text", line: int = 3) -> Finding:
    place = BlockPlace(filename="modules/a b/main.hcl", line=line)
    return Finding(rule, "", address, "bench.thing", f"{address} was changed", text, place)


def report(*findings: Finding, resources: tuple[str, ...] = (), **more: Any) -> Report:
    return Report(
        title="amlplan drift",
        summary=f"Drift: {len(findings)} differ.",
        resources=tuple(LookedAt(address=name, kind="bench.thing") for name in resources),
        findings=findings,
        counts=Counts(1, 2, 3),
        has_changes=True,
        has_drift=True,
        **more,
    )


def cases(text: str) -> list[ET.Element]:
    return list(ET.fromstring(text.encode(errors="backslashreplace")).iter("testcase"))


def checked_sarif(text: str) -> Any:
    """A document that the published schema allows, as models made from that schema read it."""
    found = json.loads(text)
    StaticAnalysisResultsFormatSarifVersion210JsonSchema.model_validate(found)
    [run] = found["runs"]
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["partialFingerprints"]
        assert len(result["locations"]) == 1
    return run


def test_the_check_of_sarif_refuses_what_the_schema_refuses() -> None:
    found = json.loads(sarif(report(finding("bench.a"))))
    found["runs"][0]["results"][0]["levle"] = "error"
    with pytest.raises(ValueError, match="levle"):
        checked_sarif(json.dumps(found))


@pytest.mark.parametrize("name", GARBAGE)
def test_junit_takes_any_name_and_text(name: str) -> None:
    text = junit(report(finding(name, text=f"{name}\n{name}"), resources=(name,)))
    [case] = cases(text)
    [failure] = case
    assert failure.text is not None
    assert failure.text.count("\n") >= 1
    visible = re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\ufffe\ud800]", "", name)
    kept = [word for word in visible.split() if "\\" not in word and word.isalnum()]
    assert all(word in str(case.get("name")) for word in kept)
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\ud800]", text)


def test_junit_has_a_case_for_each_resource_with_the_worst_that_is_told_of_it() -> None:
    found = report(
        finding("bench.a", PENDING),
        finding("bench.a", CHANGED, text="what differs"),
        finding("bench.b", UNREACHABLE),
        finding("bench.c", PENDING),
        finding("bench.z", CHANGED),
        resources=("bench.a", "bench.b", "bench.d"),
    )
    text = junit(found)
    root = ET.fromstring(text)
    [suite] = root
    assert (root.tag, suite.tag) == ("testsuites", "testsuite")
    told = {case.get("name"): [item.tag for item in case] for case in cases(text)}
    assert told == {
        "bench.a": ["failure"],
        "bench.b": ["error"],
        "bench.c": ["skipped"],
        "bench.d": [],
        "bench.z": ["failure"],
    }
    for element in (root, suite):
        counted = {name: element.get(name) for name in ("tests", "failures", "errors", "skipped")}
        assert counted == {"tests": "5", "failures": "2", "errors": "1", "skipped": "1"}
    first = cases(text)[0][0]
    assert first.get("type") == "drift/changed_outside"
    assert first.text == "text\n\nwhat differs"


@pytest.mark.parametrize("name", GARBAGE)
def test_sarif_takes_any_name(name: str) -> None:
    [result] = checked_sarif(sarif(report(finding(name))))["results"]
    message = result["message"]["text"]
    assert "\n" not in message
    assert "](" not in message
    assert not re.search(r"(?<!\{)\{(\{\{)*\d", message)
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "modules/a%20b/main.hcl"
    assert place["region"] == {"startLine": 3}


def test_fingerprints_stay_where_lines_and_words_change_and_differ_between_things() -> None:
    def fingerprint(item: Finding) -> str:
        [result] = checked_sarif(sarif(report(item)))["results"]
        [value] = result["partialFingerprints"].values()
        return str(value)

    first = fingerprint(finding("bench.a"))
    assert first == fingerprint(finding("bench.a", text="others", line=99))
    assert first != fingerprint(finding("bench.b"))
    assert first != fingerprint(finding("bench.a", PENDING))


def test_what_has_no_block_is_shown_at_the_first_file() -> None:
    lost = Finding(CHANGED, "", "bench.a", "bench.thing", "gone", "gone", None)
    somewhere = BlockPlace(filename="main.hcl", line=1)
    [result] = checked_sarif(sarif(report(lost, somewhere=somewhere)))["results"]
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 1}
    [bare] = checked_sarif(sarif(report(lost)))["results"]
    assert "physicalLocation" not in bare["locations"][0]


def test_rules_have_ids_that_dashboards_may_keep() -> None:
    assert [rule.id for rule in RULES] == [
        "drift/changed_outside",
        "drift/deleted_outside",
        "drift/unmanaged",
        "drift/unreachable",
        "drift/pending_config",
        "plan/delete",
        "plan/replace",
        "plan/update",
        "plan/create",
        "plan/forget",
        "plan/refresh",
        "plan/import",
        "plan/move",
        "plan/deferred",
        "plan/blocked",
    ]
    assert set(DRIFT) == set(DriftClass)
    assert len(PLAN) + len(DRIFT) == len(RULES)


@pytest.mark.parametrize("name", GARBAGE)
def test_markdown_keeps_names_and_texts_in_code(name: str) -> None:
    page = markdown(report(finding(name, text=f"{name}\n```\n| a |\n````\n# {name}")))
    lines = page.split("\n")
    opening = [number for number, line in enumerate(lines) if re.fullmatch(r"`{3,}text", line)]
    [start] = opening
    fence = lines[start].removesuffix("text")
    closing = [number for number, line in enumerate(lines) if line == fence]
    [end] = closing
    assert "".join(lines[end + 1 :]) == ""
    outside = "\n".join(lines[:start])
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", page)
    code = re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", outside)
    assert "<b>" not in code
    assert "@someone" not in code
    assert "javascript" not in code


def test_markdown_says_remarks_as_letters() -> None:
    page = markdown(report(remarks=("<script> `a` | [b](c) *d* @e",)))
    assert "<script>" not in page
    assert "\\[b\\]\\(c\\)" in page


def test_markdown_is_cut_to_what_github_takes_with_a_line_that_says_so() -> None:
    many = [finding(f"bench.a[{number}]", text="é" * 500) for number in range(3000)]
    page = markdown(report(*many))
    assert len(page.encode()) <= LIMIT
    shown = page.count("```text")
    assert 0 < shown < 3000
    assert f"{3000 - shown:,} findings of 3,000 are left out" in page.splitlines()[-1]
    assert page.count("```") == 2 * shown
    assert "| Changed outside | 3,000 |" in page
    few = markdown(report(*many[:5]))
    assert "left out" not in few
    assert few.count("```text") == 5


def test_one_long_finding_does_not_take_the_place_of_the_others() -> None:
    page = markdown(report(finding("bench.a", text="x" * 5_000_000), finding("bench.b")))
    assert len(page.encode()) <= LIMIT
    assert page.count("```text") == 2
    assert "(the rest is left out)" in page


def test_gitlab_gets_three_numbers() -> None:
    assert json.loads(gitlab(report())) == {"create": 1, "update": 2, "delete": 3}


def read_outputs(text: str) -> dict[str, str]:
    """The lines as a runner reads them: name=value, or name<<END up to a line END."""
    found: dict[str, str] = {}
    lines = iter(text.split("\n")[:-1])
    for line in lines:
        if re.match(r"\w+<<", line):
            name, _, end = line.partition("<<")
            inner: list[str] = []
            for more in lines:
                if more == end:
                    break
                inner.append(more)
            found[name] = "\n".join(inner)
        else:
            name, _, found[name] = line.partition("=")
            found[name] = line.partition("=")[2]
    return found


@pytest.mark.parametrize("path", ["it.plan", "a=b <<c", "two\nchanges=false\nlines", ""])
def test_outputs_of_a_step(path: str) -> None:
    assert read_outputs(step_outputs(report(), {"plan_path": path})) == {
        "changes": "true",
        "to_add": "1",
        "to_change": "2",
        "to_destroy": "3",
        "has_drift": "true",
        "plan_path": path,
        "json_plan_path": "",
    }


@pytest.mark.parametrize("name", GARBAGE)
def test_an_annotation_is_one_line(name: str) -> None:
    [line] = workflow_commands(report(finding(name))).splitlines()
    head, _, message = line.removeprefix("::").partition("::")
    assert head == "warning file=modules/a b/main.hcl,line=3,title=Changed outside"
    assert "was changed" in message


def test_annotations_are_as_many_as_github_takes() -> None:
    many = [finding(f"bench.a[{number}]") for number in range(25)]
    lines = workflow_commands(report(*many, finding("bench.b", UNREACHABLE))).splitlines()
    warnings = [line for line in lines if line.startswith("::warning ")]
    assert len(warnings) == AT_MOST
    assert "16 more" in warnings[-1]
    assert sum(line.startswith("::error ") for line in lines) == 1
    exactly = workflow_commands(report(*many[:AT_MOST])).splitlines()
    assert len(exactly) == AT_MOST
    assert "more" not in exactly[-1]


def test_places_are_named_from_the_root_of_the_repository() -> None:
    item = finding("bench.a")
    above = item.place.model_copy(update={"filename": "../shared/x.hcl"}) if item.place else None
    moved = in_repository(
        report(item, Finding(CHANGED, "", "b", "k", "t", "t", above), somewhere=above), "ml/prod"
    )
    names = [found.place.filename for found in moved.findings if found.place]
    assert names == ["ml/prod/modules/a b/main.hcl", "ml/shared/x.hcl"]
    assert moved.somewhere is not None
    assert moved.somewhere.filename == "ml/shared/x.hcl"
