from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from amlplan.conda import mapping
from amlplan.errors import ProviderError
from amlplan.provider import Draft, LockRequest
from amlplan_local.environment import LocalEnvironment
from local_workbench import WORKSPACE
from package_index import wheel

if TYPE_CHECKING:
    from amlplan.provider import ProviderContext


def request_of(context: ProviderContext, *pip: str, **values: Any) -> LockRequest:
    dependencies = ["python=3.11", "pytorch=2.1", "cudatoolkit", {"pip": list(pip)}]
    path = context.root / "conda" / "conda.yml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"channels": ["pytorch"], "dependencies": dependencies}))
    wanted = {"name": "sk", "workspace": WORKSPACE, "conda_file": "conda/conda.yml"}
    inputs = LocalEnvironment.kind.inputs.model_validate(wanted | values)
    dumped = inputs.model_dump(mode="json")
    draft = Draft("environment.sk", "environment", "sk", dumped, frozenset())
    (request,) = LocalEnvironment(context).lock_requests(draft)
    return request


def test_the_list_of_pip_is_read_as_a_requirements_file(context: ProviderContext) -> None:
    digest = wheel(context.root / "conda", "mine", "1.0")
    (context.root / "conda" / "more.txt").write_text("tqdm\n-c limits.txt\n")
    (context.root / "conda" / "limits.txt").write_text("six<2\n")
    listed = ("six", "azureml-sdk", "-r more.txt", "mine-1.0-py3-none-any.whl")
    request = request_of(context, *listed).request
    mine = "mine @ conda/mine-1.0-py3-none-any.whl"
    assert request["python"] == "3.11"
    assert request["requirements"] == ["torch==2.1.*", "six", "tqdm", mine]
    assert request["constraints"] == ["six<2"]
    assert request["wheels"] == {"conda/mine-1.0-py3-none-any.whl": digest}
    assert request["conda"] == {
        "channels": ["pytorch"],
        "dependencies": ["python=3.11", "pytorch=2.1", "cudatoolkit"],
        "pip": ["six", "azureml-sdk", "tqdm", mine],
        "told": {"pytorch=2.1": "torch==2.1.*", "cudatoolkit": None, "azureml-sdk": None},
        "relax": False,
    }


@pytest.mark.parametrize("line", ["-e .", "--extra-index-url https://x/simple", "-f links"])
def test_options_of_pip_are_named(context: ProviderContext, line: str) -> None:
    option = line.split(maxsplit=1)[0]
    with pytest.raises(ProviderError, match=rf"conda\.yml holds the option {option}"):
        request_of(context, line)


def test_other_words_for_what_is_left_out_make_no_other_request(
    context: ProviderContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = request_of(context, "azureml-sdk").key
    monkeypatch.setattr(mapping, "_OURS_WHY", f"{mapping.LEFT_OUT}in other words")
    assert request_of(context, "azureml-sdk").key == before
    assert request_of(context, "azureml-sdk", relax=True).key != before
    assert request_of(context, "azureml-sdk", python="3.11").key != before


def test_what_is_left_out_is_explained_again_from_the_line() -> None:
    for line in ("cudatoolkit=10.0", "azureml-sdk[notebooks]==1.0", "azureml-core", "r-base"):
        told = mapping.why_left_out(line)
        assert told.startswith(mapping.LEFT_OUT)
        assert "no use here" not in told
