from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceyuan.compute.accelerators import UnknownAccelerator, accelerator
from ceyuan.models.planning import (
    PUBLISHED,
    SPREAD,
    DoesNotFit,
    GoalInvalid,
    ModelShape,
    Node,
    Split,
    TooLate,
    TrainingGoal,
    activation_bytes_per_token,
    estimated_hours,
    infer_shape,
    plan_training,
    training_flops_per_token,
    training_memory,
)

GPT3 = ModelShape(175e9, 96, 12288, 96, 96, 49152, 51_200, gated=False)
H800 = Node(accelerator("h800"), 8, network_gbps=3200)


def goal(parameters: float = 7e9, tokens: float = 1e12, hours: float = 24 * 30, **more: object) -> TrainingGoal:
    return TrainingGoal(infer_shape(parameters), tokens, hours, **more)  # type: ignore[arg-type]


def test_published_runs_lie_around_the_estimate() -> None:
    ratios = {run.name: estimated_hours(run) / run.hours for run in PUBLISHED}
    assert len(ratios) >= 6
    outside = {name for name, ratio in ratios.items() if not 1 / SPREAD <= ratio <= SPREAD}
    assert outside == {"Llama 3.1 8B"}
    mean = math.exp(sum(math.log(ratio) for ratio in ratios.values()) / len(ratios))
    assert 0.9 <= mean <= 1.1


def test_the_guide_shows_every_published_run_with_our_figure() -> None:
    guide = (Path(__file__).parents[3] / "docs" / "guide" / "planning.md").read_text()
    for run in PUBLISHED:
        ours = estimated_hours(run)
        assert f"| {run.hours:,.0f} | {ours:,.0f} | {ours / run.hours:.2f} | {run.source} |" in guide, run.name


def test_operations_are_those_of_the_papers() -> None:
    # arXiv 2204.02311, appendix B: 6N + 12·L·H·Q·T, of which a causal mask leaves half of the second part.
    assert training_flops_per_token(GPT3, 2048) == 6 * 175e9 + 6 * 96 * 12288 * 2048


def test_activations_of_the_classic_shape_are_34_s_b_h_without_dropout_masks() -> None:
    assert activation_bytes_per_token(GPT3) == 32 * 12288


def test_optimiser_states_take_18_bytes_a_weight_and_shard_over_replicas() -> None:
    alone = training_memory(GPT3, Split(8, 8), 2048, 8)
    assert (alone.weights + alone.gradients + alone.optimiser) * 2**30 == pytest.approx(18 * 175e9 / 64)
    many = training_memory(GPT3, Split(8, 8, 16), 2048, 8)
    assert many.optimiser == pytest.approx(alone.optimiser / 16)
    assert many.weights == alone.weights


def test_recomputation_trades_memory_for_a_third_more_work() -> None:
    kept, made_again = (training_memory(GPT3, Split(8, 8, recompute=flag), 2048, 8) for flag in (False, True))
    assert made_again.activations < kept.activations / 4


def test_a_plan_fits_keeps_the_deadline_and_uses_whole_nodes() -> None:
    plan = plan_training(goal(), H800)
    assert plan.best.memory.total <= H800.memory
    assert plan.total_hours <= 24 * 30
    assert plan.nodes == math.ceil(plan.accelerators / 8)
    assert plan.accelerators == plan.best.split.accelerators
    assert plan.flops == pytest.approx(training_flops_per_token(plan.goal.shape, 4096) * 1e12)
    assert plan.energy_kwh(1.2) > plan.energy_kwh(1.0)
    assert plan.price_micro(20_000_000) == math.ceil(plan.accelerator_hours * 20_000_000)
    assert plan.storage.checkpoint_gb == pytest.approx(14 * 7e9 / 1e9)


def test_a_hundred_billion_parameters_on_ascend_are_split_within_a_node() -> None:
    plan = plan_training(goal(1e11, 2e12, 24 * 60), Node(accelerator("ascend910b"), 8, network_gbps=800))
    split = plan.best.split
    assert split.tensor <= 8
    assert split.group > 1 or split.sharded
    assert plan.goal.shape.heads % split.tensor == 0


def test_a_sparse_model_spreads_its_experts_or_its_layers() -> None:
    shape = infer_shape(671e9, active=37e9)
    assert shape.experts > 100
    assert shape.expert_parameters > 0.9 * 671e9
    plan = plan_training(TrainingGoal(shape, 14.8e12, 24 * 60, "fp8"), H800)
    published = next(run for run in PUBLISHED if run.name == "DeepSeek-V3")
    assert 1 / 2 <= plan.accelerator_hours / published.hours <= 2


@settings(max_examples=3, deadline=None)
@given(st.floats(1e9, 1e11), st.floats(1e11, 5e12))
def test_more_time_never_needs_more_nodes(parameters: float, tokens: float) -> None:
    short = plan_training(goal(parameters, tokens, 24 * 60), H800)
    long = plan_training(goal(parameters, tokens, 24 * 120), H800)
    assert long.nodes <= short.nodes


def test_the_same_goal_has_the_same_plan() -> None:
    assert plan_training(goal(), H800) == plan_training(goal(), H800)


def test_what_cannot_be_names_the_nearest_that_can() -> None:
    with pytest.raises(TooLate) as late:
        plan_training(goal(7e10, 1e12, 1), H800)
    hours = late.value.nearest["deadline_hours"]
    assert plan_training(goal(7e10, 1e12, hours + 0.1), H800).total_hours <= hours + 0.1
    with pytest.raises(DoesNotFit) as full:
        plan_training(goal(1e12, 1e12, 10_000, most_accelerators=8), Node(accelerator("t4"), 8))
    assert full.value.nearest["memory_gib"] > 16
    with pytest.raises(TooLate):
        plan_training(replace(goal(), most_accelerators=8, deadline_hours=100.0), H800)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"tokens": -1.0}, "tokens"),
        ({"tokens": math.inf}, "tokens"),
        ({"deadline_hours": 0.0}, "deadline_hours"),
        ({"precision": "int8"}, "precision"),
        ({"batch_tokens": 1.0}, "batch_tokens"),
        ({"sequence": 1}, "sequence"),
    ],
)
def test_absurd_figures_are_named(change: dict[str, object], field: str) -> None:
    with pytest.raises(GoalInvalid) as fault:
        replace(goal(), **change)  # type: ignore[arg-type]
    assert fault.value.field == field
    assert all(fault.value.message)


def test_unknown_chips_and_absurd_models_are_named() -> None:
    with pytest.raises(UnknownAccelerator) as unknown:
        accelerator("ascend910")
    assert "ascend910b" in unknown.value.near
    for parameters, active in ((0.0, None), (7e9, 8e9)):
        with pytest.raises(GoalInvalid):
            infer_shape(parameters, active=active)
    with pytest.raises(GoalInvalid):
        plan_training(goal(), Node(accelerator("cpu")))
    with pytest.raises(GoalInvalid):
        plan_training(replace(goal(), precision="tf32"), Node(accelerator("r200")))
