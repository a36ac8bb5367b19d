"""DataFrame -> DataFrame: what figures, tables and the report show. Imports no torch.

`Analysis` holds the runs and learning curves of one suite and everything that is computed from them. Each result is
computed when it is first read, and kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path

import pandas as pd

from longlag import registry
from longlag.analysis import claims, comparison, intervals, newcomer, ranking, stats
from longlag.analysis import reach as carries
from longlag.errors import unknown
from longlag.store import designs, records
from longlag.store.files import is_file, is_folder


@dataclass(frozen=True, eq=False, repr=False)
class Analysis:
    """One analysis of a suite, which figures, tables and the report share.

    runs: a row per seed, as `stats.load_runs` gives them; curves: a row per evaluation, as `stats.load_curves` does.
    newcomer: the method that `longlag compare` compares with all others, which tables and figures set off; "": none.
    remarks: sentences on the record, which its page repeats. older: the methods, tasks and lags of
    recorded rows whose digest is not that of today. smoke: why the newcomer's runs give no order; empty if they do.
    designs: the suite that the rows of a method were recorded with, by method; one that is not known is left out.
    Results per cost axis are in a dict whose keys are those of `stats.AXES`. Nobody changes a table in place.
    """

    runs: pd.DataFrame
    curves: pd.DataFrame
    newcomer: str = ""
    remarks: tuple[str, ...] = ()
    older: frozenset[tuple[str, str, int]] = frozenset()
    smoke: str = ""
    designs: Mapping[str, designs.Design] = field(default_factory=dict)

    @classmethod
    def load(cls, runs: str | Path, curves: str | Path | None = None) -> Analysis:
        """The analysis of a file of runs and, if there is one, a file of learning curves; with the designs beside it.

        runs may be the folder of a record, such as "results/reference": its runs, and its curves if none are given.

        Raises:
            LonglagError: missing, damaged or foreign file, or two rows for one run.
        """
        if is_folder(Path(runs)):
            beside = Path(runs) / "curves.parquet"
            runs, curves = records.rows_in(Path(runs)), curves or (beside if is_file(beside) else None)
        loaded = stats.load_runs(runs)
        recorded = loaded[["method", "spec_hash", "origin"]].drop_duplicates()
        known = designs.beside(runs, recorded.itertuples(index=False, name=None))
        return cls(loaded, stats.load_curves(curves), designs=known)

    def __repr__(self) -> str:
        """How much it holds; the tables themselves are `runs` and `curves`."""
        tasks = self.runs.task.nunique()
        return f"Analysis({len(self.runs)} runs, {len(self.methods)} methods, {tasks} tasks, {len(self.curves)} points)"

    def only(self, tasks: str | Sequence[str] = (), methods: str | Sequence[str] = ()) -> Analysis:
        """The analysis of these tasks and methods alone, one or several; empty: all.

        Raises:
            LonglagError: a name that the runs do not have (the nearest one is suggested).
        """
        tasks, methods = ([names] if isinstance(names, str) else names for names in (tasks, methods))
        runs, curves = self.runs, self.curves
        for kind, names in (("task", tasks), ("method", methods)):
            for name in names:
                if name not in set(runs[kind]):
                    label = partial(registry.label, f"{kind}s")
                    raise unknown(f"{kind} of these runs", name, sorted(runs[kind].unique()), label)
        for kind, names in (("task", tasks), ("method", methods)):
            if names:
                runs, curves = runs[runs[kind].isin(names)], curves[curves[kind].isin(names)]
        return replace(self, runs=runs.reset_index(drop=True), curves=curves.reset_index(drop=True))

    @cached_property
    def methods(self) -> list[str]:
        """Names of all methods, sorted: what colours are given out over."""
        return sorted(map(str, self.runs.method.unique()))

    @cached_property
    def success(self) -> pd.DataFrame:
        """`stats.success`."""
        return stats.success(self.runs)

    @cached_property
    def fewest_seeds(self) -> tuple[int, int]:
        """The numbers of seeds of the two methods that can least be told apart at one task and lag. Without two methods
        at any, twice the smallest number; zeros without runs."""
        if self.success.empty:
            return 0, 0
        fewest = int(self.success.n.min())
        sizes = [sorted(map(int, n))[:2] for _, n in self.success.groupby(["task", "lag"]).n if len(n) > 1]
        n, m = max(sizes, key=lambda pair: intervals.smallest_p(*pair), default=(fewest, fewest))
        return n, m

    @cached_property
    def smallest_p(self) -> float:
        """The smallest two-sided p that a comparison of methods with `fewest_seeds` can reach; 1 without runs."""
        return intervals.smallest_p(*self.fewest_seeds) if min(self.fewest_seeds) else 1.0

    @cached_property
    def reach(self) -> pd.DataFrame:
        """`reach.reach`."""
        return carries.reach(self.runs)

    @cached_property
    def solve_times(self) -> dict[str, pd.DataFrame]:
        """`stats.solve_times` on each axis; the index is that of the runs."""
        return {axis: stats.solve_times(self.runs, axis) for axis in stats.AXES}

    @cached_property
    def costs(self) -> dict[str, pd.DataFrame]:
        """`stats.cost` on each axis."""
        return {axis: stats.cost(self.success, times) for axis, times in self.solve_times.items()}

    @cached_property
    def survival(self) -> pd.DataFrame:
        """`stats.survival` of the passes to solve."""
        return stats.survival(self.solve_times["passes"])

    @cached_property
    def near_misses(self) -> pd.DataFrame:
        """`stats.near_misses`."""
        return stats.near_misses(self.runs)

    @cached_property
    def failures(self) -> pd.DataFrame:
        """`stats.failures`."""
        return stats.failures(self.runs, self.near_misses)

    @cached_property
    def pairs(self) -> pd.DataFrame:
        """`comparison.compare`."""
        return comparison.compare(self.runs, self.solve_times["passes"], self.costs["passes"])

    @cached_property
    def claims(self) -> pd.DataFrame:
        """`claims.compare`."""
        return claims.compare(self.solve_times["passes"])

    @cached_property
    def ranking(self) -> pd.DataFrame:
        """`ranking.ranking`."""
        return ranking.ranking(self.runs)

    @cached_property
    def shared_cells(self) -> pd.DataFrame:
        """`newcomer.cells`."""
        return newcomer.cells(self.runs, self.newcomer)

    @cached_property
    def against(self) -> pd.DataFrame:
        """`newcomer.against`."""
        return newcomer.against(self.runs, self.newcomer, self.shared_cells)

    @cached_property
    def gradient_flow(self) -> pd.DataFrame:
        """`stats.gradient_flow`."""
        return stats.gradient_flow(self.curves)
