"""Prints the axes by which the code is judged: sizes, arguments, types, docstrings, comments, cycles.

Lines are newlines; a function's length is less its docstring; arguments are without self and cls; files of five lines or
fewer are left out of medians; cycles are strongly connected components of the import graph without TYPE_CHECKING.
"""

import ast
import io
import statistics
import tokenize
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted(path for path in (ROOT / "src").rglob("*.py") if "_proto" not in path.parts)
TESTS = sorted((ROOT / "tests").rglob("*.py"))
IO_MODULES = {"asyncio", "socket", "ssl", "sqlite3", "subprocess", "grpc", "starlette", "uvicorn", "httpx2", "pyroute2", "select", "fcntl"}


def percentile(values: list[int], share: float) -> int:
    """The value below which `share` of the values lie, by the nearest rank."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] if values else 0


def spread(values: list[int]) -> str:
    """Median, 90th percentile, maximum."""
    return f"{statistics.median(values):.0f} / {percentile(values, 0.9)} / {max(values)}" if values else "-"


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its docstring."""
    first = function.body[0]
    has_docstring = ast.get_docstring(function) is not None
    docstring = (first.end_lineno or 0) - first.lineno + 1 if has_docstring else 0
    return (function.end_lineno or 0) - function.lineno + 1 - docstring


def arguments(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Arguments without self and cls."""
    spec = function.args
    names = [argument.arg for argument in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs)]
    return len([name for name in names if name not in {"self", "cls"}])


def comment_lines(text: str) -> int:
    """Comment tokens."""
    return sum(token.type == tokenize.COMMENT for token in tokenize.generate_tokens(io.StringIO(text).readline))


def imported(tree: ast.Module) -> set[str]:
    """Modules that a module imports, TYPE_CHECKING blocks left out."""
    guarded = {
        child
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for inner in node.body
        for child in ast.walk(inner)
    }
    found: set[str] = set()
    for node in ast.walk(tree):
        if node in guarded:
            continue
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def cycles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Strongly connected components of more than one module."""
    found: list[list[str]] = []
    reachable = {node: _reachable(graph, node) for node in graph}
    left = set(graph)
    while left:
        node = left.pop()
        component = {node} | {other for other in reachable[node] if node in reachable[other]}
        left -= component
        if len(component) > 1:
            found.append(sorted(component))
    return found


def _reachable(graph: dict[str, set[str]], start: str) -> set[str]:
    """All modules that `start` leads to."""
    seen: set[str] = set()
    todo = list(graph[start])
    while todo:
        node = todo.pop()
        if node not in seen:
            seen.add(node)
            todo.extend(graph[node])
    return seen


def module_name(path: Path) -> str:
    """The dotted name of a source file."""
    return ".".join(path.relative_to(ROOT / "src").with_suffix("").parts).removesuffix(".__init__")


def is_public(function: ast.FunctionDef | ast.AsyncFunctionDef, nested: set[ast.AST]) -> bool:
    """Whether a function is part of what others may call."""
    return not function.name.startswith("_") and function not in nested


def main() -> None:
    """Print the table."""
    texts = {path: path.read_text() for path in SOURCES}
    trees = {path: ast.parse(text) for path, text in texts.items()}
    lines = {path: text.count("\n") for path, text in texts.items()}
    everything = [function for tree in trees.values() for function in functions(tree)]
    nested: set[ast.AST] = {inner for outer in everything for inner in functions(outer) if inner is not outer}
    public = [function for function in everything if is_public(function, nested)]
    names = {module_name(path): path for path in SOURCES}
    graph = {name: {target for target in imported(trees[path]) if target in names and target != name} for name, path in names.items()}
    total = sum(lines.values())
    pure = sum(lines[path] for path in SOURCES if not {name.split(".")[0] for name in imported(trees[path])} & IO_MODULES)
    ignores = sum(text.count("type: ignore") for text in texts.values())
    test_lines = sum(path.read_text().count("\n") for path in TESTS)
    rows = [
        ("module lines median / p90 / max", spread([count for count in lines.values() if count > 5]), "150 / 400 / 600"),
        ("function lines median / p90 / max", spread([length(function) for function in everything]), "8 / 30 / 60"),
        ("arguments p90 / max", f"{percentile([arguments(f) for f in everything], 0.9)} / {max(map(arguments, everything))}", "4 / 7"),
        ("import cycles", str(len(cycles(graph))), "0"),
        ("return types given", f"{sum(f.returns is not None for f in everything)}/{len(everything)}", "all"),
        ("type: ignore per 1,000 lines", f"{ignores / total * 1000:.2f}", "<= 1"),
        ("public functions with docstring", f"{sum(ast.get_docstring(f) is not None for f in public)}/{len(public)}", "all"),
        ("comment lines per 100", f"{sum(map(comment_lines, texts.values())) / total * 100:.1f}", "5-12"),
        ("lines without I/O imports", f"{pure / total:.0%}", ">= 70%"),
        ("test lines / source lines", f"{test_lines / total:.2f} ({test_lines}/{total})", "1.0-1.6"),
    ]
    for axis, ours, target in rows:
        print(f"{axis:<36}{ours:<24}{target}")
    for path, count in sorted(lines.items(), key=lambda item: -item[1])[:5]:
        print(f"  longest module    {count:>4}  {path.relative_to(ROOT)}")
    for function in sorted(everything, key=length, reverse=True)[:5]:
        print(f"  longest function  {length(function):>4}  {function.name}")
    for component in cycles(graph):
        print(f"  cycle: {' -> '.join(component)}")


if __name__ == "__main__":
    main()
