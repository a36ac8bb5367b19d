"""The templates of all pages: Jinja2, everything escaped, and a value that is missing is an error."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import jinja2
from markupsafe import Markup, escape

HERE = Path(__file__).parent


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    environment.filters["code"] = with_code
    return environment


def template(name: str) -> jinja2.Template:
    """The template of that file name. Its filter `code` is `with_code`."""
    return _environment().get_template(name)


def contents(*names: str) -> str:
    """The files of those names, one after the other: style sheets and scripts."""
    return "".join((HERE / name).read_text("utf-8") for name in names)


def with_code(words: str) -> Markup:
    """Text whose parts between backticks are code.

    >>> with_code("the stage `scale`, at a rate < 1")
    Markup('the stage <code>scale</code>, at a rate &lt; 1')
    """
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(words))))
