"""Made-up records of a paper: rows of every cell of its page, with numbers that nothing was trained for."""

import json

from longlag.analysis import papers, published, stats
from longlag.design import stages
from longlag.design.collect import error_row
from longlag.design.job import Job
from longlag.store.records import Row
from longlag.tables.tools.papers import Paper


def made_up(paper, seeds=(0, 1)):
    """Rows of every cell of a paper: a third of the cells are solved, a third half wrong, a third wrong."""
    found = {}
    for number, (_, of) in enumerate(papers.places(stages.read(paper)["page"])):
        task, lag = of.get("run_task", of["task"]), of.get("run_lag", of["lag"])
        job = Job(of["method"], task, 0, (task,), (lag,), range(9), 1.5e7, None, "cpu", {}, ())
        for seed in seeds:
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


def paper(name):
    """The paper with made-up records."""
    config, runs = stages.read(name), stats.frame(Row, made_up(name))
    cells = papers.cells(name, config["page"], published.load(), runs)
    return Paper(
        name, config, runs, cells, {"rates_1": {"nesterov_09": {"adding": {"optimiser.learning_rate.value": 0.1}}}}
    )
