"""Execution modes: the rules of a mode hold whatever happens, in any order.

The engine runs without threads: a launcher only notes what it should start, and the test ends the actions
in an order of its own.
"""

from __future__ import annotations

import random
from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localaws.core.clock import Clock
from localaws.core.errors import AwsError
from localaws.services.codepipeline import declaration as declarations
from localaws.services.codepipeline.engine import MAX_CONCURRENT, Engine
from localaws.services.codepipeline.flow import MAX_PARALLEL_ACTIONS
from localaws.services.codepipeline.models import (
    UNFINISHED,
    ActionExecution,
    ErrorDetails,
    Outcome,
    Pipeline,
    Status,
    Store,
    Trigger,
)
from localaws.services.codepipeline.outbox import Event
from localaws.services.codepipeline.statuses import StatusWriter
from unit.services.codepipeline.fakes import REGION, approval, machine, pipeline

STAGES = ("Source", "Stage1", "Stage2")
TRIGGER = Trigger("StartPipelineExecution", "test")
FAILURE = Outcome(error=ErrorDetails("JobFailed", "said so"))


class World:
    """An engine, one pipeline, and what was observed of them."""

    def __init__(self, mode: str, width: int = 2) -> None:
        self.running: list[ActionExecution] = []
        self.arrived: dict[str, list[str]] = defaultdict(list)
        self.entered: dict[str, list[str]] = defaultdict(list)
        self.left_waiting: set[str] = set()
        clock, store = Clock(), Store()
        statuses = StatusWriter(clock, REGION, lambda name: name, self.observe)
        self.engine = Engine(store, clock, statuses, self.running.append, "caller")
        actions = [machine(f"M{i}") for i in range(width)] + [approval(order=2)]
        document = pipeline(actions, [machine("Last")], executionMode=mode)
        read = declarations.parse(declarations.with_defaults(document, 1), REGION)
        self.pipeline = Pipeline(read, clock.now(), clock.now(), versions={1: read})
        store.pipelines["demo"] = self.pipeline
        self.mode = mode

    def observe(self, event: Event) -> None:
        detail = event.detail
        if "Stage" in event.detail_type and detail["state"] == "STARTED":
            self.entered[detail["stage"]].append(detail["execution-id"])
        if "Stage" in event.detail_type and detail["state"] == "SUCCEEDED":
            following = STAGES[STAGES.index(detail["stage"]) + 1 :]
            if following:
                self.arrived[following[0]].append(detail["execution-id"])

    # --- commands ---

    def start(self) -> None:
        try:
            execution = self.engine.start(self.pipeline, TRIGGER)
        except AwsError as error:
            assert error.code == "ConcurrentPipelineExecutionsLimitExceededException"
            assert len(self.pipeline.unfinished) == MAX_CONCURRENT
            return
        self.arrived["Source"].append(execution.id)
        # An execution enters a free stage inside of start(), before the line above. The order is right
        # all the same, because no other execution can arrive in between.

    def finish(self, number: int, outcome: Outcome) -> None:
        if not self.running:
            return
        action = self.running.pop(number % len(self.running))
        was_running = action.running
        before = (action.status, action.error, action.updated)
        assert self.engine.finish(action, outcome) is was_running
        if not was_running:
            assert (action.status, action.error, action.updated) == before

    def stop(self, number: int, abandon: bool) -> None:
        executions = list(self.pipeline.executions.values())
        if not executions:
            return
        execution = executions[number % len(executions)]
        waiting = execution.waiting_at
        try:
            self.engine.stop(self.pipeline, execution.id, abandon, None)
        except AwsError as error:
            assert error.code in {
                "PipelineExecutionNotStoppableException",
                "DuplicatedStopRequestException",
            }
            return
        if waiting:
            self.left_waiting.add(execution.id)
        if abandon or waiting:
            assert execution.status is Status.STOPPED
            assert not execution.running_actions()

    def retry(self, number: int, mode: str) -> None:
        stage = STAGES[number % len(STAGES)]
        run = self.pipeline.latest_runs.get(stage)
        if run is None:
            return
        before = {name: action.id for name, action in run.current.items()}
        stay = {n for n, a in run.current.items() if a.running or a.status is Status.SUCCEEDED}
        try:
            self.engine.retry(self.pipeline, stage, run.execution.id, mode)
        except AwsError as error:
            assert error.code in {
                "StageNotRetryableException",
                "ConflictException",
                "NotLatestPipelineExecutionException",
                "ConcurrentPipelineExecutionsLimitExceededException",
            }
            return
        kept = {name for name, a in run.current.items() if before.get(name) == a.id}
        assert kept == (stay if mode == "FAILED_ACTIONS" else set())

    def transition(self, number: int) -> None:
        stage = STAGES[number % len(STAGES)]
        if stage in self.pipeline.disabled:
            self.engine.enable(self.pipeline, stage)
        else:
            self.engine.disable(self.pipeline, stage, "test")

    def roll_back(self, number: int) -> None:
        stage = STAGES[1 + number % 2]
        executions = list(self.pipeline.executions.values())
        if not executions:
            return
        target = executions[number % len(executions)]
        try:
            self.engine.roll_back(self.pipeline, stage, target.id)
        except AwsError as error:
            assert error.code == "UnableToRollbackStageException"

    # --- invariants ---

    def check(self) -> None:
        executions = self.pipeline.executions.values()
        unfinished = {e.id for e in executions if e.status in UNFINISHED}
        assert set(self.pipeline.unfinished) == unfinished
        for execution in executions:
            running = execution.running_actions()
            if execution.unfinished:
                assert bool(running) != bool(execution.waiting_at), "an execution runs or waits"
            else:
                assert execution.waiting_at is None
            if execution.status in {Status.SUCCEEDED, Status.SUPERSEDED, Status.STOPPED}:
                assert not running
            if execution.status is Status.SUPERSEDED:
                assert self.mode == "SUPERSEDED"
                assert {run.status for run in execution.stages.values()} <= {Status.SUCCEEDED}
        for stage in STAGES:
            queue = self.pipeline.queue(stage)
            assert all(e.waiting_at == stage for e in queue)
            if self.mode == "PARALLEL":
                assert not queue or stage in self.pipeline.disabled
                continue
            inside = [
                e
                for e in executions
                if stage in e.stages
                and (e.stages[stage].status in UNFINISHED or e.stages[stage].running())
            ]
            assert len(inside) <= 1, "two executions are in one stage"
            holder = self.pipeline.holders.get(stage)
            assert (holder in inside) if inside else holder is None
            assert not queue or inside or stage in self.pipeline.disabled, (
                "a free stage lets nobody in"
            )
            if self.mode == "SUPERSEDED":
                assert len(queue) <= 1
        if self.mode == "PARALLEL":
            assert all(len(e.running_actions()) <= MAX_PARALLEL_ACTIONS for e in executions)
        if self.mode != "SUPERSEDED":
            assert len(unfinished) <= MAX_CONCURRENT
        if self.mode == "QUEUED":
            self.check_order()

    def check_order(self) -> None:
        rollbacks = {e.id for e in self.pipeline.executions.values() if e.rollback_target}
        for stage in STAGES:
            entered = [i for i in self.entered[stage] if i not in rollbacks]
            arrived = [i for i in self.arrived[stage] if i not in rollbacks]
            waited = [i for i in arrived if i in entered or i not in self.left_waiting]
            assert entered == waited[: len(entered)], "someone has overtaken"

    def drain(self) -> None:
        for stage in list(self.pipeline.disabled):
            self.engine.enable(self.pipeline, stage)
        while self.running:
            self.finish(0, Outcome())
            self.check()
        assert not self.pipeline.unfinished, "an execution was forgotten"


def play(world: World, moves: list[tuple[int, int]]) -> None:
    for dice, number in moves:
        if dice < 30:
            world.start()
        elif dice < 65:
            world.finish(number, Outcome())
        elif dice < 75:
            world.finish(number, FAILURE)
        elif dice < 80:
            world.stop(number, abandon=False)
        elif dice < 84:
            world.stop(number, abandon=True)
        elif dice < 89:
            world.retry(number, "FAILED_ACTIONS")
        elif dice < 93:
            world.retry(number, "ALL_ACTIONS")
        elif dice < 97:
            world.transition(number)
        else:
            world.roll_back(number)
        world.check()
    world.drain()


MOVES = st.lists(st.tuples(st.integers(0, 99), st.integers(0, 1000)), min_size=5, max_size=80)


@pytest.mark.parametrize("mode", ["SUPERSEDED", "QUEUED", "PARALLEL"])
def test_the_rules_of_a_mode_hold_in_any_interleaving(mode: str) -> None:
    @settings(max_examples=340, deadline=None, derandomize=True, database=None)
    @given(MOVES, st.sampled_from([1, 2, 7]))
    def interleaving(moves: list[tuple[int, int]], width: int) -> None:
        play(World(mode, width), moves)

    interleaving()


@pytest.mark.parametrize("mode", ["SUPERSEDED", "QUEUED", "PARALLEL"])
def test_the_rules_hold_in_long_runs(mode: str) -> None:
    dice = random.Random(7)
    for _ in range(6):
        moves = [(dice.randrange(100), dice.randrange(1000)) for _ in range(250)]
        play(World(mode), moves)


@pytest.mark.parametrize("mode", ["QUEUED", "PARALLEL"])
def test_the_51st_execution_is_refused_and_a_place_that_gets_free_is_given(mode: str) -> None:
    world = World(mode)
    for _ in range(MAX_CONCURRENT):
        world.start()
    with pytest.raises(AwsError) as caught:
        world.engine.start(world.pipeline, TRIGGER)
    assert caught.value.code == "ConcurrentPipelineExecutionsLimitExceededException"
    assert "50" in caught.value.message
    world.finish(0, FAILURE)
    world.start()
    assert len(world.pipeline.executions) == MAX_CONCURRENT + 1
    world.check()


def test_superseded_mode_has_no_limit_because_waiting_executions_give_way() -> None:
    world = World("SUPERSEDED")
    for _ in range(60):
        world.start()
    statuses = [e.status for e in world.pipeline.executions.values()]
    assert statuses.count(Status.SUPERSEDED) == 58
    assert statuses[0] is Status.IN_PROGRESS
    assert statuses[-1] is Status.IN_PROGRESS


def test_a_disabled_transition_lets_only_the_latest_in_when_it_is_enabled() -> None:
    world = World("SUPERSEDED")
    world.engine.disable(world.pipeline, "Stage1", "closed for today")
    for _ in range(3):
        world.start()
        world.finish(0, Outcome())
    first, second, third = world.pipeline.executions.values()
    assert [first.status, second.status] == [Status.SUPERSEDED, Status.SUPERSEDED]
    assert third.waiting_at == "Stage1"
    world.engine.enable(world.pipeline, "Stage1")
    assert third.waiting_at is None
    assert third.running_actions()


def test_thousands_of_past_executions_do_not_slow_the_next_one() -> None:
    import time

    world = World("QUEUED", width=1)

    def run(count: int) -> float:
        started = time.perf_counter()
        for _ in range(count):
            world.engine.start(world.pipeline, TRIGGER)
            while world.running:
                world.finish(0, Outcome())
        return time.perf_counter() - started

    run(100)
    early = min(run(100) for _ in range(3))
    run(3000)
    late = min(run(100) for _ in range(3))
    assert late < 5 * early + 0.05
