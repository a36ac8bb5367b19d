"""`longlag verify`: run recorded rows again and compare."""

from __future__ import annotations

import argparse

from longlag.cli import _arguments

HELP = "run rows of a runs.csv again and compare: bytes on a machine like theirs, tolerance elsewhere"
EXAMPLE = "longlag verify results/demo/runs.csv --sample 5"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("runs", metavar="RUNS.csv")
    parser.add_argument(
        "--sample", type=_arguments.count("sample"), metavar="N", help="only N rows, drawn at random (default: all)"
    )
    parser.add_argument("--seed", type=int, default=0, help="which sample (default: 0)")
    parser.add_argument("--plugin", action="append", default=[], metavar="FILE", help="Python file with METHOD or TASK")


def run(args: argparse.Namespace) -> int:
    from longlag import records, registry, verify
    from longlag.rng import stream

    for path in args.plugin:
        registry.load_plugin(path)
    rows = [row for row in records.read_rows(args.runs) if verify.repeatable(row)]
    if args.sample and args.sample < len(rows):
        picked = stream(args.seed, "verify").choice(len(rows), size=args.sample, replace=False)
        rows = [rows[i] for i in sorted(picked)]
    findings = [verify.again(row) for row in rows]
    for finding in findings:
        print(finding.text)
    if not findings:
        print("nothing to verify: no row was run to an end that its spec decides")
        return 1
    failed = sum(not finding.same for finding in findings)
    print(f"{len(findings) - failed} of {len(findings)} rows verified")
    return int(failed > 0)
