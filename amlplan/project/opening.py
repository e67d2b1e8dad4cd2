"""Opens a project: its configuration, providers, lock and state, for one command."""

from __future__ import annotations

import getpass
import os
import socket
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from amlplan import __version__
from amlplan.backend import Holder
from amlplan.config.evaluating.evaluation import Evaluation
from amlplan.config.evaluating.variables import personal_variables, variable_values
from amlplan.config.reading.load import in_source_order, load
from amlplan.config.settings import UNKNOWN_SETTING, check_required_version, state_settings
from amlplan.diagnostics import error
from amlplan.errors import ConfigError, ProviderError
from amlplan.lockfile import read_lock
from amlplan.planning.bindings import ZERO_SALT, bindings_of
from amlplan.planning.connections import connections_of, personal_blocks, with_connections
from amlplan.planning.findings import PlanInputs
from amlplan.planning.moves import with_moves
from amlplan.planning.observe import PARALLEL_READS
from amlplan.planning.settle import settle, with_settled
from amlplan.project.folders import provider_context
from amlplan.project.location import check_location
from amlplan.registry import Readers, Registry, backend
from amlplan.secrets import Secrets, reveal
from amlplan.values import exact, is_sensitive
from amlplan_schemas.plan import PlanOptions
from amlplan_schemas.state import State

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from amlplan.backend import Backend
    from amlplan.config.blocks import Configuration
    from amlplan.config.evaluating.variables import Assignment
    from amlplan.lockfile import LockFile
    from amlplan.planning.connections import Connections
    from amlplan.values import Value
    from amlplan_schemas.base import JsonValue


@dataclass(frozen=True, slots=True)
class OpenProject:
    """What one command works with; `lock` is `amlplan.lock` as it was read."""

    root: Path
    registry: Registry
    secrets: Secrets
    configuration: Configuration
    evaluation: Evaluation
    lock: LockFile
    backend: Backend

    def with_lock(self, lock: LockFile) -> OpenProject:
        """The project with another lock."""
        return replace(self, lock=lock)


def open_project(
    assignments: Sequence[Assignment] = (),
    *,
    root: Path | None = None,
    secrets_enabled: bool = True,
    require_variables: bool = True,
    check_state_location: bool = True,
    needs_state: bool = True,
    opens_history: bool = True,
    fixed_variables: Mapping[str, JsonValue] | None = None,
) -> OpenProject:
    """Read the project of a folder, the current one unless told otherwise.

    Raises ConfigError only where nothing else can be looked at; other mistakes are in
    `configuration.diagnostics`, for the planner to raise with its own. `fixed_variables` are
    those of a saved plan; they win over every other source. Without `needs_state` a place that
    is not known yet is no mistake. Without `opens_history` nothing writes beside a database.
    """
    root = Path.cwd() if root is None else root.resolve()
    secrets = Secrets(root, enabled=secrets_enabled)
    context = provider_context(root, opens_history=opens_history, find_secret=secrets.find)
    registry = Registry(context)
    configuration = load(root, registry.block_types, registry.inputs_of)
    variables, problems = variable_values(
        configuration,
        assignments,
        os.environ,
        secrets,
        require=require_variables and not fixed_variables,
    )
    personal = personal_variables(configuration)
    variables.update(
        {
            name: exact(value)
            for name, value in (fixed_variables or {}).items()
            if name not in personal
        }
    )
    configuration.diagnostics.extend(problems)
    refused = check_required_version(configuration, __version__)
    if refused:
        # Another amlplan may not even understand the state.
        raise ConfigError(in_source_order([*configuration.diagnostics, *refused]))
    evaluation = _evaluation(configuration, registry, variables, secrets)
    settings, problems = state_settings(configuration, variables, secrets, os.environ)
    is_known = not problems
    if not needs_state:
        problems = [item for item in problems if item.code != UNKNOWN_SETTING]
    if problems:
        # Not even a destroy, which needs nothing else, may go on with another state.
        raise ConfigError(in_source_order([*configuration.diagnostics, *problems]))
    kept_by = _backend(configuration, settings)
    if check_state_location and is_known:
        check_location(root, kept_by.reader().location())
    return OpenProject(
        root=root,
        registry=registry,
        secrets=secrets,
        configuration=configuration,
        evaluation=evaluation,
        lock=read_lock(root),
        backend=kept_by,
    )


def empty_state() -> State:
    """The state of a project that was never applied; its lineage is chosen at the first apply."""
    return State(tool_version=__version__, lineage="", serial=0, salt=ZERO_SALT)


def plan_inputs(
    project: OpenProject,
    state: State | None,
    options: PlanOptions | None = None,
    *,
    salt: str | None = None,
    parallelism: int = PARALLEL_READS,
) -> PlanInputs:
    """What a plan is made from; interrupted operations are settled in memory only.

    `salt` is that of a saved plan, so that its digests of sensitive variables can be compared.
    """
    # A state that its first apply has only just made is as good as none.
    untouched = state is None or not (
        state.applied or state.records or state.outputs or state.pending
    )
    current = empty_state() if state is None else state
    if untouched:
        current = current.model_copy(update={"serial": 0})
    readers = Readers(project.registry)
    for value in project.evaluation.variables.values():
        if is_sensitive(value):
            project.secrets.hide(reveal(value, project.secrets))
    connections = connections_in(project, current)
    settlement = settle(with_connections(current, connections), readers, project.secrets)
    current = with_settled(current, settlement)
    moves = with_moves(current, project.configuration)
    current = with_connections(moves.state, connections)
    known = project.configuration.diagnostics
    known.extend(problem for problem in moves.problems if problem not in known)
    unanswered = dict(settlement.unanswered)
    for target, origin in moves.waiting.items():
        unanswered[target] = unanswered.get(origin, f"that of {origin}, which moves here")
    return PlanInputs(
        evaluation=project.evaluation,
        state=current,
        registry=readers,
        secrets=project.secrets,
        lock=project.lock,
        bindings=bindings_of(
            project.evaluation,
            current,
            exists=not untouched,
            lock=project.lock,
            registry=readers,
            secrets=project.secrets,
            amlplan_version=__version__,
            salt=salt,
        ),
        unanswered=unanswered,
        moves=moves.names,
        options=options or PlanOptions(),
        parallelism=parallelism,
    )


def connections_in(project: OpenProject, state: State) -> Connections:
    """How this user reaches the targets of a project, as its configuration says now."""
    registry, variables = project.registry, project.evaluation.variables
    if not personal_blocks(project.configuration, registry):
        return {}
    # Of its own, since what is known before a plan must not decide how many objects that has.
    configuration = replace(project.configuration, diagnostics=[])
    evaluation = _evaluation(configuration, registry, variables, project.secrets)
    return connections_of(evaluation, state, registry, project.secrets)


def _evaluation(
    configuration: Configuration, registry: Registry, variables: dict[str, Value], secrets: Secrets
) -> Evaluation:
    models = {kind: registry.inputs_of(kind) for kind in configuration.kinds()}
    return Evaluation(configuration, models, registry.block_types, variables, secrets)


def holder(command: str) -> Holder:
    """Who this process is, for others who wait for its lock."""
    return Holder(
        user=getpass.getuser(),
        host=socket.gethostname(),
        pid=os.getpid(),
        since=datetime.now(UTC).isoformat(timespec="seconds"),
        command=command,
        url=_ci_url(os.environ),
    )


def _ci_url(environment: Mapping[str, str]) -> str | None:
    """The page of the CI job that runs this, on GitHub or GitLab."""
    if "CI_JOB_URL" in environment:
        return environment["CI_JOB_URL"]
    names = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
    server, repository, run = (environment.get(name) for name in names)
    if server and repository and run:
        return f"{server}/{repository}/actions/runs/{run}"
    return None


def read_state(root: Path | None = None) -> State | None:
    """The state of a folder's project, the current one's by default, whatever its resources say."""
    return state_backend(root).reader().read()


def state_backend(root: Path | None = None, *, check_state_location: bool = True) -> Backend:
    """Where the state of a folder's project is kept, whatever its resources say.

    Raises StateError where that is elsewhere than the last time.
    """
    root = Path.cwd() if root is None else root
    registry = Registry(provider_context(root))
    secrets = Secrets(root, enabled=False)
    configuration = load(root, registry.block_types)
    variables, _ = variable_values(configuration, (), os.environ, secrets, require=False)
    settings, problems = state_settings(configuration, variables, secrets, os.environ)
    if problems:
        raise ConfigError(problems)
    kept_by = _backend(configuration, settings)
    if check_state_location:
        check_location(root, kept_by.reader().location())
    return kept_by


def _backend(configuration: Configuration, settings: Mapping[str, JsonValue]) -> Backend:
    """The state's backend; raises ConfigError where none of that name is installed."""
    chosen = configuration.settings
    try:
        return backend(chosen.state_label, configuration.root, settings, __version__)
    except ProviderError as failure:
        place = chosen.state_header
        problem = error("unknown_backend", failure.summary, failure.detail, place)
        raise ConfigError([problem]) from None
