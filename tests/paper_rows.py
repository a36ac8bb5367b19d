"""Made-up records of a paper: rows of every cell of its page, with numbers that nothing was trained for."""

import json
from pathlib import Path

from longlag import resources
from longlag.analysis import papers, published, stats
from longlag.design import stages
from longlag.design.collect import error_row
from longlag.design.job import Job
from longlag.store.curves import write_points
from longlag.store.records import Point, Row, write_rows
from longlag.tables.tools.papers import Paper


def made_up(paper):
    """Rows of every cell of a paper: a third of the cells are solved, a third half wrong, a third wrong."""
    found = {}
    for number, (_, of) in enumerate(papers.places(stages.read(paper)["page"])):
        task, lag = of.get("run_task", of["task"]), of.get("run_lag", of["lag"])
        job = Job(of["method"], task, 0, (task,), (lag,), range(9), 1.5e7, None, "cpu", {}, ())
        for seed in (0, 1):
            key = (task, of["method"], lag, seed)
            wrong = (0.0, 0.2, 0.9)[number % 3] + 0.01 * seed
            known = {
                "status": "budget",
                "test_error": wrong,
                "test_symbol_error": wrong,
                "seconds": 10.0,
                "passes": 1e6,
            }
            solved = {"solved": True, "status": "solved", "passes_to_solve": 3e5} if number % 3 == 0 else {}
            tested = json.loads(found[key].test_error_by_lag or "{}") if key in found else {}
            known["test_error_by_lag"] = json.dumps({**tested, str(of["lag"]): wrong})
            found[key] = Row(**{**vars(error_row(job, key, "")), **known, **solved})
            if "against" in of:
                other = (task, of["against"], lag, seed)
                found.setdefault(other, Row(**{**vars(found[key]), "method": of["against"]}))
    return [*found.values()]


def curves(rows):
    """A curve of each row, whose loss falls from 2 to its share wrong."""
    ends = ((1e3, lambda row: 2.0), (3e5, lambda row: row.test_error))
    return [
        Point(row.task, row.lag, row.method, row.seed, passes, 0, 2.0, 1.0, loss(row), 1.0)
        for row in rows
        for passes, loss in ends
    ]


def record(name):
    """Writes made-up records of a paper where those of the working directory lie; with learning curves."""
    rows, folder = made_up(name), Path(resources.PAPERS, name)
    write_rows(folder / "runs.csv", rows)
    write_points(folder / "curves.parquet", curves(rows))


def paper(name):
    """The paper with made-up records."""
    config, rows = stages.read(name), made_up(name)
    runs, points = stats.frame(Row, rows), stats.frame(Point, curves(rows))
    cells = papers.cells(name, config["page"], published.load(), runs, points)
    return Paper(
        name, config, runs, cells, {"rates_1": {"nesterov_09": {"adding": {"optimiser.learning_rate.value": 0.1}}}}
    )
