"""Linear and mixed-integer programmes, solved by HiGHS.

Q. Huangfu, J. A. J. Hall: Parallelizing the dual revised simplex method. Mathematical Programming Computation
10 (2018) 119.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Rows:
    """``low <= A x <= high``. A has ``values[i]`` at row ``rows[i]`` and column ``columns[i]``; what is given twice for
    one place is added up. Infinite bounds are none."""

    rows: npt.ArrayLike
    columns: npt.ArrayLike
    values: npt.ArrayLike
    low: npt.ArrayLike
    high: npt.ArrayLike

    def by_column(self, width: int) -> tuple[Ints, Ints, Floats]:
        """A in compressed sparse columns: where each column begins and the end, the rows, the values."""
        rows, columns = np.asarray(self.rows, np.int64), np.asarray(self.columns, np.int64)
        place = columns * (int(rows.max(initial=0)) + 1) + rows
        order = np.argsort(place, kind="stable")
        place = place[order]
        first = np.flatnonzero(np.concatenate([[True], place[1:] != place[:-1]])[: len(place)])
        values = np.asarray(self.values, np.float64)[order]
        added = np.add.reduceat(values, first) if len(first) else values
        starts = np.searchsorted(columns[order][first], np.arange(width + 1))
        return starts, rows[order][first], added


@dataclass(frozen=True, slots=True)
class Optimum:
    """What the solver found: the variables (None: nothing feasible in time), what one more of each row's limit would
    change the cost by (of a programme without whole numbers), and a bound that no solution beats."""

    x: Floats | None
    prices: Floats
    bound: float


def minimise(
    cost: Floats,
    rows: Rows,
    *,
    upper: float | Floats = np.inf,
    whole: bool = False,
    gap: float = 0.0,
    seconds: float = np.inf,
) -> Optimum:
    """The ``x`` with ``0 <= x <= upper`` and the least ``cost @ x`` within the rows; ``whole`` numbers if asked, then
    to a relative ``gap`` or for so many ``seconds``."""
    import highspy

    width, low = len(cost), np.asarray(rows.low, np.float64)
    programme = highspy.HighsLp()
    programme.num_col_, programme.num_row_ = width, len(low)
    programme.col_cost_ = np.asarray(cost, np.float64)
    # HiGHS 1.15 calls programmes infeasible whose whole numbers have a bound that is none.
    highest = np.broadcast_to(np.floor(upper) if whole else upper, width)
    programme.col_lower_, programme.col_upper_ = np.zeros(width), highest.astype(np.float64)
    programme.row_lower_, programme.row_upper_ = low, np.asarray(rows.high, np.float64)
    starts, indices, values = rows.by_column(width)
    programme.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    programme.a_matrix_.start_, programme.a_matrix_.index_ = starts.astype(np.int32), indices.astype(np.int32)
    programme.a_matrix_.value_ = values
    if whole:
        programme.integrality_ = [highspy.HighsVarType.kInteger] * width
    solver = highspy.Highs()  # type: ignore[no-untyped-call]
    solver.setOptionValue("output_flag", False)
    if whole:
        solver.setOptionValue("mip_rel_gap", gap)
        solver.setOptionValue("time_limit", seconds)
    solver.passModel(programme)
    solver.run()
    found, facts = solver.getSolution(), solver.getInfo()
    feasible = facts.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    bound = facts.mip_dual_bound if whole else facts.objective_function_value
    return Optimum(
        x=np.array(found.col_value) if feasible else None,
        prices=np.array(found.row_dual),
        bound=float(bound) if np.isfinite(bound) else 0.0,
    )
