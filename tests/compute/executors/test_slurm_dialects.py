"""What versions of slurmrestd tell and take, without a cluster."""

from __future__ import annotations

from typing import Any

import pytest

from ceyuan.compute.executors.slurm_controller import Submission, Told
from ceyuan.compute.executors.slurm_dialects import DIALECTS, PARSED, PLAIN

JOB = Submission("key", "/runs/key", "#!/bin/sh\n", 2, 8, 4096, 30, "acc", "", "n1,n2", "gpu:h800:4", "/bin")
NODE = {"name": "n1", "cpus": 64, "real_memory": 4096, "gres": "gpu:h800:8", "partitions": ["gpu"]}


def test_the_newest_version_is_tried_first_and_the_oldest_last() -> None:
    assert list(DIALECTS) == ["v0.0.46", "v0.0.45", "v0.0.44", "v0.0.43", "v0.0.42", "v0.0.41", "v0.0.40", "v0.0.38"]


@pytest.mark.parametrize(
    ("states", "told"),
    [
        (["PENDING"], "PENDING"),
        (["RUNNING", "CONFIGURING"], "CONFIGURING"),
        (["COMPLETED", "COMPLETING"], "COMPLETING"),
        (["PENDING", "REQUEUED"], "REQUEUED"),
        (["NODE_FAIL"], "NODE_FAIL"),
    ],
)
def test_a_list_of_states_is_told_as_squeue_tells_it(states: list[str], told: str) -> None:
    assert DIALECTS[PARSED[0]].state({"job_state": states}) == told
    assert DIALECTS[PLAIN].state({"job_state": told}) == told


@pytest.mark.parametrize(
    ("states", "up"),
    [(["IDLE"], True), (["MIXED", "PLANNED"], True), (["IDLE", "DRAIN"], False), (["DOWN", "NOT_RESPONDING"], False)],
)
def test_a_node_is_up_in_either_shape(states: list[str], up: bool) -> None:
    told = Told("n1", 64, 4096, "gpu:h800:8", up)
    assert DIALECTS[PARSED[-1]].node({**NODE, "state": states}) == told
    assert DIALECTS[PLAIN].node({**NODE, "state": states[0].lower(), "state_flags": states[1:]}) == told


def test_numbers_that_may_be_missing_are_objects_in_the_later_shape() -> None:
    def number(value: int, **fields: bool) -> dict[str, Any]:
        return {"set": True, "infinite": False, "number": value} | fields

    later = DIALECTS[PARSED[0]]
    moments = [later.moment(one) for one in (number(7), number(7, set=False), number(7, infinite=True))]
    assert moments == [7, 0, 0]
    job = later.job(JOB, "gpu")["job"]
    assert job == {
        "name": "key",
        "current_working_directory": "/runs/key",
        "standard_output": "/dev/null",
        "tasks_per_node": 1,
        "cpus_per_task": 8,
        "nodes": "2",
        "memory_per_node": number(4096),
        "time_limit": number(30),
        "environment": ["PATH=/bin"],
        "requeue": False,
        "partition": "gpu",
        "account": "acc",
        "required_nodes": ["n1", "n2"],
        "tres_per_node": "gres/gpu:h800:4",
    }
    plain = DIALECTS[PLAIN].job(JOB, "gpu")["job"]
    assert (plain["time_limit"], plain["gres"], plain["nodelist"]) == (30, "gpu:h800:4", "n1,n2")
