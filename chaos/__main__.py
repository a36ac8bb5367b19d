"""`python -m chaos --kills 100 --files 2000 --designs 2000`: exit code 1 if anything happened that must not."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    for name, default in (("kills", 100), ("files", 2000), ("designs", 2000)):
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
    """All three parts; files and designs first, since they are quick."""
    from longlag import environment

    environment.set_environment()
    from chaos import designs, files, kills

    folder, start = folder.resolve(), time.monotonic()
    (folder / "files").mkdir(parents=True)
    parts = [
        lambda: files.campaign(folder / "files", args.files, args.seed, start + args.seconds / 4),
        lambda: designs.campaign(args.designs, args.seed, start + args.seconds / 2),
        lambda: kills.campaign(folder / "kills", args.kills, args.seed, start + args.seconds),
    ]
    faults = 0
    for part, wanted in zip(parts, (args.files, args.designs, args.kills), strict=True):
        if wanted:
            began, tally = time.monotonic(), part()
            faults += len(tally.faults)
            print(f"{tally}\n  {len(tally.faults)} faults, {time.monotonic() - began:.0f} s", flush=True)
    return int(faults > 0)


if __name__ == "__main__":
    sys.exit(main())
