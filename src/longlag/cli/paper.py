"""`longlag paper`: a paper's table beside ours, from committed records; and the stages in which its runs are made."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from longlag.errors import LonglagError

if TYPE_CHECKING:
    from longlag.design.suite import Suite
    from longlag.store.records import Row

HELP = "write the page of a paper, published beside measured, from committed records; add finished runs to them"
EXAMPLE = "longlag paper sutskever2013"
_ALL = "all"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help=f"a file of config/papers without its ending, or {_ALL}")
    stages = "print the names of the stages that STAGE needs, then its own, and nothing else (default STAGE: "
    stages += "the one that the file names)"
    parser.add_argument("--stages", nargs="?", const="", metavar="STAGE", help=stages)
    estimate = "print what each stage costs, by recorded runs, and nothing else"
    parser.add_argument("--estimate", action="store_true", help=estimate)
    add = "add the rows of a finished stage to the records; after a search, also write the settings that it chooses"
    parser.add_argument("--add", type=Path, metavar="RUN", help=add)
    parser.add_argument("--out", type=Path, metavar="FILE", help="the page (default: page.html beside the records)")


def run(args: argparse.Namespace) -> None:
    from longlag.design import stages

    names = stages.names() if args.name == _ALL else [args.name]
    if args.name == _ALL and (args.add or args.out or args.stages is not None):
        raise LonglagError("--add, --out and --stages are for one paper; name it")
    for name in names:
        if args.stages is not None:
            config = stages.read(name)
            print(*stages.in_order(config, args.stages or stages.default(config)))
        elif args.estimate:
            _print_estimates(name)
        else:
            _write(name, args.add, args.out)


def _write(name: str, add: Path | None, out: Path | None) -> None:
    from longlag.design import stages
    from longlag.store import files

    stages.read(name)
    folder = stages.RECORDS / name
    page = out or folder / stages.PAGE
    files.check_writable(page)
    if add is not None:
        from longlag.cli import _paper_records

        for line in _paper_records.add(name, add, folder):
            print(line)
    from longlag.report import papers
    from longlag.tables.tools.papers import load

    paper = load(name)
    files.write_atomically(page, papers.render(paper).encode())
    print(f"{page}: {papers.line(paper)}")


def _print_estimates(name: str) -> None:
    """A line for each stage: jobs, runs, core-hours, and what was spent."""
    from longlag import resources
    from longlag.design import stages
    from longlag.design.estimate import estimate, total
    from longlag.design.suite import parse
    from longlag.store import files
    from longlag.store.records import read_rows, rows_in
    from longlag.words import duration

    rows = read_rows(rows_in(resources.find(resources.REFERENCE)))
    own = stages.record_of(name, "runs.csv")
    done = read_rows(own) if files.is_file(own) else []
    print(f"{name:<24}{'jobs':>6}{'runs':>6}{'CPU time':>10}{'guessed':>9}{'done':>6}{'spent':>9}  what")
    config = stages.read(name)
    for stage, body in stages.bodies(config).items():
        plan = parse(stages.picked({**config, "stage": stage}, stand_in=True))
        cost = total(estimate(plan, [*rows, *done]))
        finished = _of(plan, done)
        share = f"{cost.guessed / max(cost.seconds, 1e-9):.0%}"
        spent = duration(sum(row.seconds for row in finished))
        counts = f"{cost.jobs:>6}{cost.runs:>6}{duration(cost.seconds):>10}{share:>9}{len(finished):>6}{spent:>9}"
        print(f"{'  ' + stage:<24}{counts}  {body['what']}")


def _of(plan: Suite, rows: list[Row]) -> list[Row]:
    from longlag.store.records import key_of

    wanted = plan.expected()
    return [row for row in rows if key_of(row) in wanted]
