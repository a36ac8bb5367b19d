"""What the settings of the final of the search do, beside those that they replaced: a finding of docs/findings.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from conditions import REFERENCE
from finding import Finding, Subject, fisher, in_markdown, of_all
from fresh import ROOT, Cell, cell, outcomes

from longlag.store.records import Row, read_rows
from longlag.words import count, method_label, task_label

REPLACED = ROOT / "results/underway/replaced.csv.gz"


def of_the_final(records: Mapping[str, Sequence[Row]]) -> Finding:
    """On seeds of their own; and what the LSTM does with them on the seeds of the reference."""
    now, final = outcomes(records["now"]), outcomes(records["final"])
    replaced = sorted((key for key in final if key in now), key=lambda key: (method_label(key[0]), key))
    of_search, of_final = ([o for key in replaced for o in of[key]] for of in (now, final))
    was, has = _lstm_before_the_final()
    older, newer = ([o for found in of.values() for o in found] for of in (was, has))
    fell = ("temporal_order_3bit", 200)
    back, gone = ("esn_momentum", "temporal_order", 100), ("esn_momentum", "random_permutation", 50)
    table = in_markdown(
        ["method", "task and lag", "search", "final"],
        [
            [method_label(method), f"{task_label(task)}, T = {lag}"]
            + [cell([r for r in records[when] if r.method == method], (task, lag)) for when in ("now", "final")]
            for method, task, lag in replaced
        ],
    )
    return Finding(
        f"The final of the search gives {method_label(back[0])} {task_label(back[1])} at lag {back[2]} back",
        f"The final replaced the settings of {count(len(replaced), 'condition')}. There the settings of the search "
        f"solve {of_all(of_search)} runs on fresh seeds, and those of the final {of_all(of_final)}. The whole "
        "difference may be chance.",
        subject=Subject.SEARCH,
        caption="Seeds solved, and the median of their passes:",
        table=table,
        notes={
            "Settings": "Those of the final ran on five other seeds, once. Both were run after the settings were "
            "frozen.",
            "Where it helps": "The final was held at lag 100 on the four tasks of the search. "
            f"{method_label(back[0])} solves {task_label(back[1])} at lag {back[2]} with {of_all(final[back])} seeds, "
            f"after {of_all(now[back])}.",
            "Where it may not": "The other tasks take the one setting that is best over the four, and it need not suit "
            f"them. {method_label(gone[0])} solves {task_label(gone[1])} at lag {gone[2]} with {of_all(final[gone])} "
            f"seeds, after {of_all(now[gone])}.",
            "Test": f"Fisher's exact test of the whole difference: p = {fisher(of_search, of_final):.2f}, runs taken "
            f"as independent. Of the two cases: p = {fisher(now[back], final[back]):.3f} and "
            f"p = {fisher(now[gone], final[gone]):.2f}, not corrected for a choice among {len(replaced)}. The final "
            "was made for the first; the second may be chance.",
            "LSTM": "It was run on the seeds of the reference with the settings of the search before. It solved "
            f"{of_all(older)} runs with those, and {of_all(newer)} with the settings of the final. "
            f"{task_label(fell[0])} at lag {fell[1]} fell from {of_all(was[fell])} to {of_all(has[fell])}, the largest "
            f"change of a condition, which may be chance (p = {fisher(was[fell], has[fell]):.2f}).",
        },
        holds=sum(of_final) > sum(of_search)
        and sum(newer) < sum(older)
        and all(was[fell])
        and sum(has[fell]) < 3
        and fell == max(was, key=lambda at: abs(sum(was[at]) - sum(has[at])))
        and sum(final[back]) >= 3
        and not any(now[back])
        and sum(final[gone]) < 3
        and all(now[gone]),
        key="final",
    )


def _lstm_before_the_final() -> tuple[dict[Cell, Sequence[bool]], dict[Cell, Sequence[bool]]]:
    """Runs of the LSTM on the seeds of the reference by task and lag, with the settings of the search and with those
    of the final, where there are both."""
    was, has = (
        {(task, lag): o for (method, task, lag), o in outcomes(read_rows(path)).items() if method == "lstm"}
        for path in (REPLACED, REFERENCE)
    )
    both = was.keys() & has.keys()
    return {at: was[at] for at in both}, {at: has[at] for at in both}
