"""The pictures of docs/lecture.md: `longlag lecture --out DIR && python docs/lecture/pictures.py DIR`.

Makes the figures of DIR small enough for a repository, and keeps beside them which claims, in which words, they show.
"""

from __future__ import annotations

import hashlib
import io
import json
import sys
from pathlib import Path

from PIL import Image

HERE = Path(__file__).parent
WIDTH, COLOURS = 1000, 64  # pixels; of a palette


def small(path: Path) -> bytes:
    """A figure as a narrower PNG with a palette."""
    image = Image.open(path).convert("RGB")
    image.thumbnail((WIDTH, 4 * WIDTH))
    made = io.BytesIO()
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(made, "png", optimize=True)
    return made.getvalue()


def main(folder: Path) -> None:
    """Writes NAME.png for every claim that was measured into that folder, and shown.json."""
    document = json.loads((folder / "lecture.json").read_text("utf-8"))
    shown = {}
    for entry in document["claims"]:
        slug = entry["claim"]["slug"]
        png = small(folder / "figures" / f"{slug}.png")
        (HERE / f"{slug}.png").write_bytes(png)
        finding = {name: entry["finding"][name] for name in ("verdict", "summary", "caveat")}
        shown[slug] = {"claim": entry["claim"], **finding, "digest": hashlib.sha256(png).hexdigest()}
    kept = json.dumps({"seeds": document["seeds"], "claims": shown}, indent=1, ensure_ascii=False)
    (HERE / "shown.json").write_text(kept + "\n", "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
