"""YAML as PyYAML reads it safely, but a key that stands twice and a document that aliases blow up are refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from longlag.errors import LonglagError

MOST_VALUES = 1_000_000  # in a document once all aliases are written out


def load(text: str) -> Any:
    """The value of a document.

    Raises:
        LonglagError: a key stands twice in one mapping (line named), or aliases make the document too large.
        yaml.YAMLError: the text is not YAML.
    """
    import yaml

    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        _check_keys(node, set())
        _refuse_large(_size(node, _parts_of_node, {}))  # before merges (<<) are written out, which may be a bomb too
        return loader.construct_document(node)
    finally:
        loader.dispose()


def line_of(text: str, place: Sequence[str | int]) -> int | None:
    """The line of the value that these keys and indices lead to, from 1; None if the document has no such value."""
    import yaml

    node, line = yaml.compose(text, yaml.SafeLoader), None
    for part in place:
        if isinstance(node, yaml.MappingNode):
            found = {str(key.value): (key, value) for key, value in node.value}.get(str(part))
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            found = (node.value[part], node.value[part])
        else:
            found = None
        if found is None:
            return None
        line, node = found[0].start_mark.line + 1, found[1]
    return line


def check_size(value: Any) -> None:
    """Raises LonglagError if mappings and lists that are shared by aliases hold too many values when written out."""
    _refuse_large(_size(value, _parts, {}))


def _refuse_large(size: float) -> None:
    if size > MOST_VALUES:
        raise LonglagError(f"its aliases (*name) stand for more than {MOST_VALUES:,} values; write out what is meant")


def _check_keys(node: Any, seen: set[int]) -> None:
    """No key twice in any mapping below the node. `<<` merges: its keys may be replaced, as YAML says."""
    if id(node) in seen or isinstance(node.value, str):
        return
    seen.add(id(node))
    lines: dict[tuple[str, str], int] = {}
    for item in node.value:
        key, value = item if isinstance(item, tuple) else (None, item)
        if key is not None and isinstance(key.value, str):
            name, line = (key.tag, key.value), key.start_mark.line + 1
            if name in lines:
                raise LonglagError(
                    f"key {key.value!r} stands twice, in lines {lines[name]} and {line}; YAML would drop the first: "
                    "keep one"
                )
            lines[name] = line
        _check_keys(value, seen)


def _parts(value: Any) -> Iterable[Any]:
    if isinstance(value, Mapping):
        return value.values()
    return value if isinstance(value, list) else ()


def _parts_of_node(node: Any) -> Iterable[Any]:
    if isinstance(node.value, str):
        return ()
    return (part for item in node.value for part in (item if isinstance(item, tuple) else (item,)))


def _size(value: Any, parts: Callable[[Any], Iterable[Any]], known: dict[int, float]) -> float:
    """Number of values below and including this one; infinite where a value holds itself."""
    if id(value) not in known:
        known[id(value)] = float("inf")  # while it is counted: an alias within itself
        known[id(value)] = 1 + sum(_size(part, parts, known) for part in parts(value))
    return known[id(value)]
