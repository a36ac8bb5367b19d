"""`python -m chaos --kills 100 --designs 2000 --files 2000`: exit code 1 if anything happened that must not."""

from __future__ import annotations

import argparse
import importlib
import sys
import tempfile
import time
from pathlib import Path

PARTS = dict.fromkeys(("files", "designs", "links", "texts", "tables", "checkpoints", "calls"), 2000) | {"kills": 100}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    for name, default in PARTS.items():
        parser.add_argument(f"--{name}", type=int, default=default, help=f"how many to try (default: {default})")
    parser.add_argument("--seconds", type=float, default=3600, help="stop after that long (default: 3600)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, help="an empty folder to work in, kept (default: one that is deleted)")
    args = parser.parse_args()
    if args.folder is not None:
        return campaign(args, args.folder)
    with tempfile.TemporaryDirectory(prefix="chaos") as folder:
        return campaign(args, Path(folder))


def campaign(args: argparse.Namespace, folder: Path) -> int:
    """All parts; the kills last, since they take longest. Each takes at most its share of the time that is left."""
    from longlag import environment

    environment.set_environment()
    folder, end, faults = folder.resolve(), time.monotonic() + args.seconds, 0
    wanted = {name: getattr(args, name) for name in PARTS if getattr(args, name)}
    for i, (name, n) in enumerate(wanted.items()):
        part, began = importlib.import_module(f"chaos.{name}"), time.monotonic()
        (folder / name).mkdir(parents=True)
        tally = part.campaign(folder / name, n, args.seed, began + (end - began) / (len(wanted) - i))
        faults += len(tally.faults)
        print(f"{tally}\n  {len(tally.faults)} faults, {time.monotonic() - began:.0f} s", flush=True)
    return int(faults > 0)


if __name__ == "__main__":
    sys.exit(main())
