"""A project whose configuration, world and commands change at random; see test_machine.py."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from amlplan_bench.world import World
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from amlplan.planning.saved import read_plan
from amlplan_schemas.plan import Action
from amlplan_state.local import LocalBackend
from bench.kill.phases import PHASES, Order
from harness.project import Project
from properties.checks import (
    AfterApply,
    expected_drift,
    nothing_is_lost,
    prints_of,
    secrets_told,
    touched_beyond,
)
from properties.nodes import (
    FOLLOWS,
    LABELS,
    MAYBE_FAILS,
    PART,
    Node,
    Nodes,
    addresses_of,
    hcl_of,
    leans_on,
    node_forms,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from amlplan_schemas.state import Record, State
    from bench.kill.forks import Fork
    from harness.project import Result

Item = TypeVar("Item")
PLAN = "it.plan"
MEMORY = Path("/dev/shm")
"""A state is synced many times, and a disk would make that slow."""
FOLDER = str(MEMORY) if os.access(MEMORY, os.W_OK) else None
PARALLELISM = st.sampled_from(["-parallelism=1", "-parallelism=4"])
PICK = st.integers(0, 1000)


class Things(RuleBasedStateMachine):
    """Any number of edits, accidents and commands, in any order.

    `_check_apply` is what every rule that applies ends with: another option of plan and apply needs
    a rule of its own and no more.
    """

    fork: Fork
    """Runs the commands that are killed; given by the test."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir=FOLDER))
        (self.folder / "project").mkdir()
        self.nodes: Nodes = {}
        self.silent: set[str] = set()
        self.canaries = {"canary-first"}
        self.texts: list[str] = []
        self.steps = 0
        self.strays: dict[str, tuple[str, str]] = {}
        self.saved_in: tuple[object, ...] | None = None

    @initialize(naive=st.booleans(), nodes=st.lists(node_forms(), min_size=2, max_size=5))
    def begin(self, naive: bool, nodes: list[Node]) -> None:
        environment = {
            "HOME": str(self.folder / "home"),
            "XDG_DATA_HOME": str(self.folder / "data"),
            "XDG_CACHE_HOME": str(self.folder / "cache"),
            "AMLPLAN_BENCH_WORLD": str(self.folder / "world"),
            "NO_COLOR": "1",
        }
        if naive:
            environment["AMLPLAN_BENCH_NAIVE"] = "1"
        self.project = Project(self.folder / "project", self.folder / "world", environment)
        self.project.write("part/main.hcl", PART)
        self.world = World(self.project.world, naive=naive)
        self._tell_secret("canary-first")
        for label, node in zip(LABELS, nodes, strict=False):
            self.edit(label, node)

    # Edits of the configuration.

    @rule(label=st.sampled_from(LABELS), node=node_forms())
    def edit(self, label: str, node: Node) -> None:
        allowed = self.nodes.keys() - leans_on(self.nodes, label)
        self.nodes[label] = replace(node, needs=node.needs & allowed)
        self._write()

    @precondition(lambda self: self.nodes)
    @rule(
        pick=PICK,
        change=st.one_of(
            st.fixed_dictionaries({"value": st.sampled_from(["one", "two", "three"])}),
            st.fixed_dictionaries({"shape": st.sampled_from(["round", "square", FOLLOWS])}),
            st.fixed_dictionaries({"fail": MAYBE_FAILS}),
            st.fixed_dictionaries({"option": st.booleans()}),
        ),
    )
    def change(self, pick: int, change: dict[str, Any]) -> None:
        label = sorted(self.nodes)[pick % len(self.nodes)]
        self.nodes[label] = replace(self.nodes[label], **change)
        self._write()

    @precondition(lambda self: self.nodes)
    @rule(pick=PICK)
    def remove(self, pick: int) -> None:
        label = sorted(self.nodes)[pick % len(self.nodes)]
        del self.nodes[label]
        for name, node in self.nodes.items():
            self.nodes[name] = replace(node, needs=node.needs - {label})
        self._write()

    @rule()
    def let_nothing_fail(self) -> None:
        self.nodes = {name: replace(node, fail="") for name, node in self.nodes.items()}
        self.world.harden()
        self._write()

    @rule(number=st.integers(0, 99))
    def change_the_secrets(self, number: int) -> None:
        self._tell_secret(f"canary-{number:04}")

    # Accidents outside.

    @rule(pick=PICK, key=st.sampled_from(["value", "weight"]))
    def change_outside(self, pick: int, key: str) -> None:
        for item in self._one_of(self.world.alive(), pick):
            item[key] = "changed outside" if key == "value" else 7
            self.world.put(item["identity"], item, item["name"])

    @rule(pick=PICK)
    def delete_outside(self, pick: int) -> None:
        for item in self._one_of(self.world.alive(), pick):
            self.world.remove(item["identity"])

    @rule(picks=st.sets(PICK, min_size=1, max_size=2))
    def fall_silent(self, picks: set[int]) -> None:
        names = sorted({*addresses_of(self.nodes), *self._recorded()})
        if names:
            self.silent = {names[pick % len(names)] for pick in picks}
            self.world.silence(*self.silent)

    @rule()
    def fall_wholly_silent(self) -> None:
        self.silent = {"*"}
        self.world.silence()

    @rule()
    def answer(self) -> None:
        self.silent = set()
        self.world.answer()

    @rule(picks=st.sets(PICK, max_size=2))
    def refuse_deletion(self, picks: set[int]) -> None:
        names = sorted(self._recorded())
        self.world.harden(*(names[pick % len(names)] for pick in picks if names))

    # Commands.

    @rule(parallelism=PARALLELISM)
    def apply_once_more(self, parallelism: str) -> None:
        self.apply(parallelism)  # a rule of its own, so that it is chosen more often

    @rule(parallelism=PARALLELISM)
    def apply(self, parallelism: str) -> None:
        result = self.run("apply", "-auto-approve", parallelism, code=None)
        self._check_apply(result)

    @rule(option=st.sampled_from(["-target", "-exclude", "-replace"]), pick=PICK)
    def apply_partly(self, option: str, pick: int) -> None:
        names = sorted({*addresses_of(self.nodes), *self._recorded()})
        if not names:
            return
        name = names[pick % len(names)]
        result = self.run("apply", "-auto-approve", f"{option}={name}", code=None)
        assert result.code in (0, 12), result.all
        for apply in self.project.applies:
            beyond = set()
            if option != "-replace":
                beyond = touched_beyond(option, name, apply, self.nodes)
            assert not beyond, (beyond, result.all)

    @rule(how=st.sampled_from(["only", "changed", "false"]))
    def apply_looking_less(self, how: str) -> None:
        before = self.world.objects()
        result = self.run("apply", "-auto-approve", f"-refresh={how}", code=None)
        assert result.code in (0, 12), result.all
        assert how != "only" or self.world.objects() == before

    @rule(pick=PICK)
    def forget(self, pick: int) -> None:
        for name in self._one_of(sorted(self._recorded()), pick):
            result = self.run("apply", "-auto-approve", f"-forget={name}", code=None)
            assert result.code in (0, 12), result.all
            self._let_go_of_what_was_forgotten()

    def _let_go_of_what_was_forgotten(self) -> None:
        for apply in self.project.applies:
            for operation in apply.plan.operations:
                if operation.action is Action.FORGET:
                    record = apply.records[operation.address]
                    self._let_go(record)

    @rule(pick=PICK)
    def import_what_was_let_go(self, pick: int) -> None:
        for identity in self._one_of(sorted(self.strays), pick):
            address, name = self.strays[identity]
            result = self.run("import", address, name, code=None)
            assert result.code in (0, 1, 10, 12), result.all
            if result.code == 0:
                assert self._recorded()[address].identity == identity
                del self.strays[identity]

    @rule(parallelism=PARALLELISM, phase=st.sampled_from(PHASES), nth=st.integers(1, 12))
    def apply_and_die(self, parallelism: str, phase: str, nth: int) -> None:
        before = self.state
        ended = self.fork.run(
            self.project.root,
            self.project.environment,
            ["apply", "-auto-approve", parallelism],
            Order(phase, nth),
        )
        self.texts.append(ended.text)
        assert ended.code in (0, 12, -9), ended
        after = self.state
        if before is not None:
            assert after is not None
            assert (after.lineage, after.serial >= before.serial) == (before.lineage, True)

    @rule()
    def plan(self) -> None:
        before = prints_of(self.places)
        result = self.run("plan", "-detailed-exitcode", code=None)
        assert result.code in (0, 2), result.all
        assert prints_of(self.places) == before

    @rule()
    def save_a_plan(self) -> None:
        self.run("plan", f"-out={PLAN}")
        self.saved_in = self._situation()

    @precondition(lambda self: self.saved_in is not None)
    @rule(parallelism=PARALLELISM)
    def apply_the_saved_plan(self, parallelism: str) -> None:
        saved = read_plan(self.project.root / PLAN)
        is_fresh = self._situation() == self.saved_in
        before = prints_of(self.places)
        result = self.run("apply", parallelism, PLAN, code=None)
        if result.code == 16:
            assert not is_fresh, result.all
            assert prints_of(self.places) == before
            return
        planned = {operation.key: operation.action for operation in saved.operations}
        for apply in self.project.applies:
            done = {operation.key: operation.action for operation in apply.plan.operations}
            assert done.items() <= planned.items()
            assert done == planned or not is_fresh
        if self.project.applies:
            self._check_apply(result)

    @rule()
    def drift(self) -> None:
        before, state = prints_of(self.places), self.state
        result = self.run("drift", code=None)
        assert prints_of(self.places) == before
        expected = expected_drift(state, self.world, self.silent, self.strays)
        assert result.code in ((0, 1, 2) if expected is None else (expected,)), result.all

    @precondition(lambda self: self.steps % 8 == 7)
    @rule()
    def destroy(self) -> None:
        result = self.run("destroy", "-auto-approve", code=None)
        assert result.code in (0, 12), result.all
        if result.code == 0:
            state = self.state
            assert state is None or not state.records
            assert self.world.objects().keys() <= self.strays.keys()

    # What must always hold.

    @invariant()
    def nothing_is_lost(self) -> None:
        self.steps += 1
        if hasattr(self, "world"):
            problems = [*nothing_is_lost(self.world, self.state, self.strays)]
            texts, self.texts = self.texts, []
            problems += secrets_told(self.places, texts, self.canaries)
            assert not problems, "\n".join(problems)

    def teardown(self) -> None:
        """Whatever happened: once nothing is in the way, one apply leads to the configuration."""
        try:
            if hasattr(self, "world"):
                self._converge()
        finally:
            shutil.rmtree(self.folder)

    def _one_of(self, found: Sequence[Item], pick: int) -> Iterator[Item]:
        """One of what there is, or nothing: no precondition may go by what threads have done."""
        if found:
            yield found[pick % len(found)]

    def _let_go(self, record: Record) -> None:
        """Remember the objects of a record that was forgotten: nobody looks after them now."""
        for item in (record, *record.deposed):
            found = self.world.get(item.identity)
            if found is not None and item is record:
                self.strays[item.identity] = (item.address, found["name"])
            elif found is not None:
                self.world.remove(item.identity)

    def _converge(self) -> None:
        for identity in self.strays:
            self.world.remove(identity)
        self.strays = {}
        self.answer()
        self.let_nothing_fail()
        self._release()
        result = self.run("apply", "-auto-approve")
        self._check_apply(result)
        self.run("destroy", "-auto-approve")
        assert not self.world.alive()
        assert not self._recorded()

    def _release(self) -> None:
        """Take away every protection: a block as it was applied, without it."""
        state = self.state
        drafts = {item.address: item.draft for item in state.pending.values()} if state else {}
        for address, record in {**drafts, **self._recorded()}.items():
            label, bracket, _ = address.partition(".")[2].partition("[")
            if record.protected:
                values = record.inputs.values
                kept = Node(value="one", shape=str(values["shape"]))
                # A block that is given a count keeps its object, as the first one.
                count = 1 if bracket else None
                self.nodes[label] = replace(kept, steps=int(str(values["steps"])), count=count)
        self.nodes = {name: replace(node, protected=False) for name, node in self.nodes.items()}
        self._write()
        self.run("apply", "-auto-approve", code=None)

    # What the rules are made of.

    @property
    def places(self) -> list[Path]:
        """The folders that amlplan may write into."""
        return [self.folder / name for name in ("project", "data", "cache", "home")]

    @property
    def state(self) -> State | None:
        return LocalBackend(self.project.root, {}, "0").reader().read()

    def run(self, *arguments: str, code: int | None = 0) -> Result:
        """Run a command; what it prints is looked through for secrets."""
        result = self.project.run(*arguments, code=code)
        self.texts.append(result.all)
        return result

    def _recorded(self) -> dict[str, Record]:
        state = self.state
        return state.records if state is not None else {}

    def _write(self) -> None:
        self.project.hcl(hcl_of(self.nodes))

    def _tell_secret(self, secret: str) -> None:
        self.canaries.add(secret)
        self.project.environment["AMLPLAN_VAR_password"] = f"{secret}-password"
        self.project.environment["TOKEN"] = f"{secret}-token"

    def _situation(self) -> tuple[object, ...]:
        """All that a plan is made from."""
        state = self.state
        secrets = [self.project.environment[name] for name in ("AMLPLAN_VAR_password", "TOKEN")]
        text = (self.project.root / "main.hcl").read_text()
        return text, state, self.world.objects(), sorted(self.silent), secrets

    def _check_apply(self, result: Result) -> None:
        """What must hold after an apply of the configuration that has just ended."""
        state = self.state
        whole = result.code == 0
        for apply in self.project.applies:
            assert state is not None
            after = AfterApply(apply, state, self.world, self.nodes, silent=self.silent)
            problems = list(after.problems())
            assert not problems, "\n".join([*problems, result.all])
            assert after.is_whole == whole, result.all
        assert result.code in (0, 12), result.all
        again = self.run("plan", "-detailed-exitcode", code=None)
        assert again.code == 0 if whole else again.code in (0, 2), result.all + again.all
