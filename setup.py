"""What pyproject.toml cannot say: shipped folders, and a README whose links an index page can follow.

The wheel carries folders that stand beside the package in the repository.

`longlag.resources` finds them in a clone and in an installed package. Git holds one copy of each; the build copies them
to `longlag/shipped`. An editable install copies nothing: it runs in the clone.
"""

import re
import shutil
import tomllib
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
SHIPPED = [
    "CITATION.cff",
    "Snakefile",
    "workflow/**/*",
    "config/**/*",
    "profiles/**/*",
    "results/reference/*.csv",
    "results/reference/*.csv.gz",
    "results/reference/*.json",
    "results/reference/*.parquet",
    "results/papers/*/*.csv",
    "results/papers/*/*.yaml",
]


def shipped() -> list[str]:
    """The files of the repository that the wheel holds besides the package, relative to its root."""
    found = {path for pattern in SHIPPED for path in ROOT.glob(pattern) if path.is_file()}
    names = sorted(path.relative_to(ROOT) for path in found)
    return [str(name) for name in names if not any(part.startswith((".", "__pycache__")) for part in name.parts)]


class Build(build_py):
    """setuptools' own, and the shipped files."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            shutil.rmtree(Path(self.build_lib, "longlag", "shipped"), ignore_errors=True)  # of an earlier build
            for source, target in self._copies().items():
                self.mkpath(str(Path(target).parent))
                self.copy_file(source, target, preserve_mode=True)

    def get_source_files(self) -> list[str]:
        return [*super().get_source_files(), *shipped()]  # for the sdist

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:
        return [*super().get_outputs(include_bytecode), *([] if self.editable_mode else self._copies().values())]

    def _copies(self) -> dict[str, str]:
        folder = Path(self.build_lib, "longlag", "shipped")
        return {name: str(folder / name) for name in shipped()}


def readme() -> str:
    """README.md with absolute links: into the repository, and to raw files for pictures."""
    urls = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["urls"]

    def absolute(link: re.Match[str]) -> str:
        kind = "raw" if link[1] == "!" else "blob"
        return f"{link[1]}[{link[2]}]({urls['Repository']}/{kind}/HEAD/{link[3]})"

    text = (ROOT / "README.md").read_text("utf-8")
    return re.sub(r"(!?)\[([^\]]*)\]\((?!https?://|#|mailto:)([^)]+)\)", absolute, text)


setup(cmdclass={"build_py": Build}, long_description=readme(), long_description_content_type="text/markdown")
