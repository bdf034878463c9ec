"""kubectl's JSONPath templates: `{.items[0].metadata.name}`, `{range .items[*]}{.kind},{end}`, `{.a[?(@.b=="c")].d}`.

A template is parsed into nodes and rendered over a JSON value, as k8s.io/client-go/util/jsonpath does; a path without braces is
taken as one expression, as kubectl does. Missing keys give nothing. No I/O.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from hauberk.cli.usage import UsageError

__all__ = ["Template", "find", "parse_template"]


@dataclass(frozen=True, slots=True)
class _Text:
    text: str


@dataclass(frozen=True, slots=True)
class _Key:
    name: str


@dataclass(frozen=True, slots=True)
class _All:
    """`*` or `[*]`: every element of a list, every value of a map."""


@dataclass(frozen=True, slots=True)
class _Deep:
    """`..`: the value itself and everything below it."""


@dataclass(frozen=True, slots=True)
class _Slice:
    """`[2]`, `[-1]` (one index, or several by commas as several slices), `[1:3]`, `[::2]`."""

    start: int | None
    stop: int | None
    stride: int = 1
    one: bool = False


@dataclass(frozen=True, slots=True)
class _Union:
    options: tuple["_Step", ...]


@dataclass(frozen=True, slots=True)
class _Filter:
    """`[?(@.a == "b")]`; without an operator, elements that have the path."""

    left: "_Path"
    operator: str = ""
    right: "_Path | None" = None


_Step = _Key | _All | _Deep | _Slice | _Union | _Filter


@dataclass(frozen=True, slots=True)
class _Path:
    """Steps from the current value, or from the whole one (`$`); or a constant (`constant` is then a 1-tuple)."""

    steps: tuple[_Step, ...] = ()
    from_root: bool = False
    constant: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class _Range:
    over: _Path
    body: tuple["_Node", ...]


_Node = _Text | _Path | _Range


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed template."""

    nodes: tuple[_Node, ...]

    def render(self, value: Any) -> str:
        """The text; several results of one expression are joined by a space, maps and lists are JSON."""
        return "".join(_render(self.nodes, value, value))


_TOKEN = re.compile(
    r"""\s*(?:
      (?P<deep>\.\.)
    | \.(?P<key>(?:\\.|[\w$/-])+)
    | (?P<star>\.?\*)
    | (?P<open>\[)
    | (?P<at>@) | (?P<root>\$)
    | (?P<dot>\.)
    | (?P<bare>(?:\\.|[\w/-])+)
    )""",
    re.VERBOSE,
)
_OPERATOR = re.compile(r"\s*(==|!=|<=|>=|<|>)\s*")
_STRING = re.compile(r""""((?:\\.|[^"\\])*)"|'((?:\\.|[^'\\])*)'""")


def parse_template(text: str) -> Template:
    """The template in `text`. Raises: UsageError that quotes the part which cannot be read."""
    if "{" not in text:
        text = "{" + (text if text.startswith((".", "[", "$", "@")) else f".{text}") + "}"
    nodes, rest = _parse_nodes(text, ending=False)
    if rest is not None:
        raise UsageError("error parsing jsonpath: {end} without {range}")
    return Template(tuple(nodes))


def find(path: str, value: Any) -> list[Any]:
    """What one expression (`.spec.host`, `{.spec.host}`) finds in `value`."""
    expression = path.strip().removeprefix("{").removesuffix("}")
    return list(_values(_parse_path(expression if expression.startswith((".", "[", "$", "@")) else f".{expression}"), value, value))


def _parse_nodes(text: str, *, ending: bool) -> tuple[list[_Node], str | None]:
    """Nodes up to the end or, with `ending`, up to `{end}`; what follows the latter, None where there was none."""
    nodes: list[_Node] = []
    while text:
        before, brace, text = text.partition("{")
        if before:
            nodes.append(_Text(before))
        if not brace:
            break
        inside, text = _to_closing_brace(text)
        if inside == "end":
            return nodes, text
        if inside.startswith("range "):
            body, rest = _parse_nodes(text, ending=True)
            if rest is None:
                raise UsageError("error parsing jsonpath: {range} without {end}")
            nodes.append(_Range(_parse_path(inside.removeprefix("range ").strip()), tuple(body)))
            text = rest
        elif _STRING.fullmatch(inside):
            nodes.append(_Text(_unquote(inside)))
        else:
            nodes.append(_parse_path(inside))
    if ending:
        return nodes, None
    return nodes, None


def _to_closing_brace(text: str) -> tuple[str, str]:
    """What is inside the braces and what follows; braces within quotes do not count."""
    quote = ""
    for index, letter in enumerate(text):
        if quote:
            quote = "" if letter == quote and text[index - 1] != "\\" else quote
        elif letter in "\"'":
            quote = letter
        elif letter == "}":
            return text[:index].strip(), text[index + 1 :]
    raise UsageError(f"error parsing jsonpath {{{text}: unclosed action")


def _unquote(text: str) -> str:
    body = text[1:-1]
    return re.sub(r"\\(.)", lambda match: {"n": "\n", "t": "\t", "r": "\r"}.get(match[1], match[1]), body)


def _parse_constant(text: str) -> tuple[Any, ...]:
    """The value that a quoted string, a number or a boolean stands for, as a 1-tuple; empty for a path."""
    if _STRING.fullmatch(text):
        return (_unquote(text),)
    if re.fullmatch(r"-?\d+(\.\d+)?", text):
        return (float(text) if "." in text else int(text),)
    return (text == "true",) if text in ("true", "false") else ()


def _parse_path(text: str) -> _Path:
    text = text.strip()
    constant = _parse_constant(text)
    if constant:
        return _Path(constant=constant)
    steps: list[_Step] = []
    from_root, position = False, 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise UsageError(f"error parsing jsonpath {text}: unrecognized character in action: {text[position]!r}")
        position = match.end()
        if match["open"]:
            inside, position = _to_closing_bracket(text, position)
            steps.append(_parse_bracket(inside.strip()))
        elif match["deep"]:
            steps.append(_Deep())
        elif match["star"]:
            steps.append(_All())
        elif name := match["key"] or match["bare"]:
            steps.append(_Key(re.sub(r"\\(.)", r"\1", name)))
        elif match["root"]:
            from_root = True
    return _Path(tuple(steps), from_root)


def _to_closing_bracket(text: str, position: int) -> tuple[str, int]:
    depth, quote = 1, ""
    for index in range(position, len(text)):
        letter = text[index]
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        elif letter in "[]":
            depth += 1 if letter == "[" else -1
            if depth == 0:
                return text[position:index], index + 1
    raise UsageError(f"error parsing jsonpath {text}: unterminated array")


def _parse_bracket(inside: str) -> _Step:
    if inside.startswith("?(") and inside.endswith(")"):
        return _parse_filter(inside[2:-1])
    options = [_parse_option(option.strip(), inside) for option in _split(inside)]
    return options[0] if len(options) == 1 else _Union(tuple(options))


def _split(inside: str) -> Iterator[str]:
    """Split at commas that are not within quotes."""
    for match in re.finditer(r"""(?:"[^"]*"|'[^']*'|[^,])+""", inside):
        yield match[0]


def _parse_option(option: str, inside: str) -> _Step:
    if option == "*":
        return _All()
    if _STRING.fullmatch(option):
        return _Key(_unquote(option))
    parts = option.split(":")
    try:
        numbers = [int(part) if part else None for part in parts]
    except ValueError:
        raise UsageError(f"error parsing jsonpath: invalid array index [{inside}]") from None
    if len(numbers) == 1 and numbers[0] is not None:
        return _Slice(numbers[0], None, one=True)
    if 2 <= len(numbers) <= 3:
        return _Slice(numbers[0], numbers[1], (numbers[2] if len(numbers) == 3 else None) or 1)
    raise UsageError(f"error parsing jsonpath: invalid array index [{inside}]")


def _parse_filter(text: str) -> _Filter:
    quoted = _STRING.search(text)
    operator = _OPERATOR.search(text, 0, quoted.start() if quoted else len(text)) or _OPERATOR.search(text, quoted.end() if quoted else 0)
    if operator is None:
        return _Filter(_parse_path(text))
    return _Filter(_parse_path(text[: operator.start()]), operator[1], _parse_path(text[operator.end() :]))


# -- Evaluation -------------------------------------------------------------------------------------------------------
def _render(nodes: tuple[_Node, ...], value: Any, root: Any) -> Iterator[str]:
    for node in nodes:
        match node:
            case _Text(text):
                yield text
            case _Range(over, body):
                for item in _values(over, value, root):
                    yield from _render(body, item, root)
            case _Path():
                yield " ".join(_to_text(found) for found in _values(node, value, root))


def _to_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def _values(path: _Path, value: Any, root: Any) -> list[Any]:
    if path.constant:
        return list(path.constant)
    found = [root if path.from_root else value]
    for step in path.steps:
        found = [result for one in found for result in _walk(step, one, root)]
    return found


def _walk(step: _Step, value: Any, root: Any) -> Iterator[Any]:
    match step:
        case _Key(name) if isinstance(value, dict):
            if name in value:
                yield value[name]
        case _All() if isinstance(value, dict | list):
            yield from value.values() if isinstance(value, dict) else value
        case _Deep():
            yield value
            for below in _walk(_All(), value, root):
                yield from _walk(step, below, root)
        case _Slice(start, stop, stride, one) if isinstance(value, list):
            yield from _sliced(value, start, stop, stride) if not one else _indexed(value, start or 0)
        case _Union(options):
            for option in options:
                yield from _walk(option, value, root)
        case _Filter() if isinstance(value, list):
            yield from (item for item in value if _holds(step, item, root))


def _indexed(items: list[Any], index: int) -> list[Any]:
    return [items[index]] if -len(items) <= index < len(items) else []


def _sliced(items: list[Any], start: int | None, stop: int | None, stride: int) -> list[Any]:
    return items[start:stop:stride]


def _holds(step: _Filter, item: Any, root: Any) -> bool:
    left = _values(step.left, item, root)
    if step.right is None:
        return bool(left)
    right = _values(step.right, item, root)
    if not left or not right:
        return False
    one, other = left[0], right[0]
    if step.operator in ("==", "!="):
        return bool((one == other) == (step.operator == "=="))
    if type(one) is not type(other) or not isinstance(one, int | float | str):
        return False
    return bool({"<": one < other, ">": one > other, "<=": one <= other, ">=": one >= other}[step.operator])
