"""The architecture: who may know whom, read off the imports; and what the package's front shows."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import stream_adam
from stream_adam import origin

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "stream_adam"

NUMBERS = {
    "hints", "errors", "typing", "numeric", "origin", "language", "states", "sources", "strategies", "experiment",
    "engine", "runs", "compiled", "descent", "sweeping",
}  # fmt: skip
OUTSIDE = {"data"}  # what is read from files
NEED_NUMBA = {"engine", "descent", "sweeping"}
STREAM_SIDE = {"transport", "clock", "pacer", "arrivals", "streaming", "hub", "broadcasting"}
AWAITING = STREAM_SIDE - {"transport"} | {"cli"}  # modules of stream_adam that may

LOCKS = {"threading.Lock", "threading.RLock", "threading.get_ident"}  # they tell no time

# what each module may import of ours, for its types as well; modules that aren't here are above all of these
BASE = {"errors", "language", "numeric", "typing"}
MAY_IMPORT = {
    "hints": set(),
    "errors": {"hints"},
    "data": {"errors", "typing"},
    "typing": set(),
    "origin": set(),
    "numeric": {"errors", "typing"},
    "language": {"errors", "numeric", "typing"},
    "sources": BASE | {"data"},
    "states": set(),
    "strategies": BASE | {"states"},
    "experiment": BASE | {"sources", "strategies"},
    "engine": BASE | {"sources", "strategies", "experiment", "compiled"},
    "runs": BASE | {"sources", "strategies", "experiment", "engine"},
    "compiled": BASE | {"origin", "sources", "strategies"},
    "descent": BASE | {"strategies", "engine", "compiled"},
    "sweeping": BASE | {"sources", "strategies", "experiment", "engine", "compiled"},
    "transport": {"errors", "numeric"},
    "clock": {"numeric"},
    "pacer": {"clock", "errors", "transport"},
    "arrivals": {"errors", "sources"},
    "streaming": NUMBERS - {"compiled", "descent", "sweeping"} | STREAM_SIDE - {"hub", "broadcasting"},
    "hub": {"engine", "errors", "experiment"},
    "broadcasting": {"errors", "numeric"},
}


@dataclass(frozen=True)
class Import:
    name: str  # dotted
    in_function: bool
    for_types: bool


def modules(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.py") if "__pycache__" not in path.parts)


def module_of(path: Path) -> str:
    """The top-level module or subpackage of stream_adam that the file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> list[Import]:
    return list(_imports(ast.parse(path.read_text(encoding="utf-8")), path, in_function=False, for_types=False))


def _imports(node: ast.AST, path: Path, *, in_function: bool, for_types: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            for alias in child.names:
                yield Import(alias.name, in_function, for_types)
        elif isinstance(child, ast.ImportFrom):
            dots = "." * child.level  # `from stream_adam.sources import program` names a module, too
            for alias in child.names:
                yield Import(f"{dots}{child.module or ''}.{alias.name}", in_function, for_types)
        else:
            function = in_function or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            types = for_types or (isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test))
            yield from _imports(child, path, in_function=function, for_types=types)


def ours(name: str) -> str | None:
    """The top-level module of stream_adam that is imported by this name; "" for the package itself."""
    parts = name.split(".")
    if parts[0] != "stream_adam":
        return None
    exists = len(parts) > 1 and ((PACKAGE / f"{parts[1]}.py").exists() or (PACKAGE / parts[1]).is_dir())
    return parts[1] if exists else ""


def named(paths: list[Path]) -> list[object]:
    return [pytest.param(path, id=str(path.relative_to(ROOT))) for path in paths]


every_module = pytest.mark.parametrize("path", named(modules(PACKAGE)))


@every_module
def test_nothing_below_the_page_knows_the_page_or_its_library(path: Path) -> None:
    outside = {found.name.split(".")[0] for found in imports(path)}
    assert not outside & {"bokeh", "server_app", "tornado", "panel"}


@every_module
def test_imports_are_absolute(path: Path) -> None:  # the other laws here read them
    assert not [found.name for found in imports(path) if found.name.startswith(".")]


@every_module
def test_numba_is_imported_by_one_package_on_first_need(path: Path) -> None:
    found = imports(path)
    if module_of(path) == "compiled":
        return
    assert not [i for i in found if i.name.split(".")[0] in {"numba", "llvmlite"}]
    compiled = [i for i in found if ours(i.name) == "compiled"]
    assert all(module_of(path) in NEED_NUMBA and i.in_function for i in compiled if not i.for_types)


@every_module
def test_matplotlib_is_imported_on_need(path: Path) -> None:
    at_once = {i.name.split(".")[0] for i in imports(path) if not i.in_function and not i.for_types}
    if "matplotlib" in at_once:  # then nobody imports that file at once
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for other in modules(PACKAGE):
            assert not [i for i in imports(other) if i.name.startswith(name) and not i.in_function and not i.for_types]


@every_module
def test_the_layers(path: Path) -> None:
    module = module_of(path)
    if module in MAY_IMPORT:
        known = {ours(i.name) for i in imports(path)} - {None, module}
        assert known <= MAY_IMPORT[module]


@every_module
def test_numbers_know_no_time(path: Path) -> None:
    if module_of(path) in NUMBERS | {"transport"} and path.name != "__main__.py":  # a program of its own
        found = {i.name.split(".")[0] for i in imports(path) if i.name not in LOCKS}
        assert not found & {"asyncio", "threading", "time", "datetime", "concurrent", "signal"}


@every_module
def test_awaiting_happens_in_few_places(path: Path) -> None:
    kinds = (ast.Await, ast.AsyncFor, ast.AsyncWith, ast.AsyncFunctionDef)
    awaiting = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, kinds)]
    assert not awaiting or module_of(path) in AWAITING


@every_module
def test_an_async_generator_never_yields_inside_a_task_group_or_a_timeout(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.AsyncWith):
            scope = " ".join(ast.unparse(item.context_expr) for item in node.items)
            if "timeout" in scope or "TaskGroup" in scope:
                assert not [inner for inner in ast.walk(node) if isinstance(inner, ast.Yield)]


def test_the_page_imports_nothing_of_the_compiler() -> None:
    for path in modules(ROOT / "server_app"):
        assert not [i for i in imports(path) if ours(i.name) == "compiled" or i.name.split(".")[0] == "numba"], path


def test_what_a_compiled_loop_is_made_of_is_all_in_the_hash() -> None:
    """A source that is left out could change, and the loop that was made of it would be found again."""
    needed, new = set(), {"compiled"}
    while new:
        needed |= new
        new = set().union(*(MAY_IMPORT[module] for module in new)) - needed
    assert {name.removesuffix(".py") for name in origin.SOURCES} == needed


def test_what_is_imported_is_noted_before_anything_else_of_ours_is() -> None:
    names = [found.name for found in imports(PACKAGE / "__init__.py") if ours(found.name) is not None]
    assert names[0] == "stream_adam.origin"


@pytest.mark.parametrize("path", named(modules(PACKAGE / "compiled")))
def test_the_compiler_is_used_by_its_public_names(path: Path) -> None:
    """Each of numba's and llvmlite's versions may change the others."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    theirs = [found.name for found in imports(path) if found.name.split(".")[0] in {"numba", "llvmlite"}]
    public = ("numba", "numba.extending.", "llvmlite", "llvmlite.binding.")
    assert all(name in public or name.rpartition(".")[0] + "." in public for name in theirs)
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    own = {"os._exit"}
    assert not [n.attr for n in found if re.match("_(?!_)", n.attr) and ast.unparse(n) not in own]
    assert not [node for node in found if ast.unparse(node).startswith(("numba.core", "numba.np", "numba.misc"))]
    changed = [t for node in ast.walk(tree) if isinstance(node, ast.Assign | ast.AugAssign) for t in _targets(node)]
    assert not [name for name in changed if name.split(".")[0] in {"numba", "llvmlite", "loop"}]


def _targets(node: ast.Assign | ast.AugAssign) -> list[str]:
    found = node.targets if isinstance(node, ast.Assign) else [node.target]
    return [ast.unparse(target) for target in found if isinstance(target, ast.Attribute | ast.Subscript)]


def test_the_rules_are_about_files_that_exist() -> None:
    present = {module_of(path) for path in modules(PACKAGE)}
    assert set(MAY_IMPORT) <= present
    assert set(MAY_IMPORT) == NUMBERS | STREAM_SIDE | OUTSIDE


def test_the_package_is_quick_to_import() -> None:
    code = "import sys, stream_adam; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    loaded = set(done.stdout.split())
    assert "stream_adam" in loaded
    assert not loaded & {"numpy", "numba", "llvmlite", "bokeh", "tornado", "matplotlib", "pandas", "server_app"}


def test_the_public_names() -> None:
    assert set(stream_adam.__all__) == {
        "Beta", "Carried", "Derived", "Descent", "Epsilon", "PositiveRate", "Rate", "SpecError", "Square", "Strategy",
        "Transport", "broadcast", "iterate", "register", "register_objective", "simulate", "stream", "sweep",
    }  # fmt: skip
    submodules = {module_of(path) for path in modules(PACKAGE)}
    assert not submodules & set(stream_adam.__all__)  # importing a module would put it in the name's place
    assert set(stream_adam.__all__) <= set(dir(stream_adam))
    with pytest.raises(AttributeError, match="has no attribute 'adm'"):
        _ = stream_adam.adm


@pytest.mark.parametrize("name", stream_adam.__all__)
def test_every_public_name_is_documented(name: str) -> None:
    public = getattr(stream_adam, name)
    assert len((inspect.getdoc(public) or "").split()) >= 5
    if inspect.isclass(public):
        for key, value in vars(public).items():
            if not key.startswith("_") and (inspect.isfunction(value) or isinstance(value, property | classmethod)):
                assert inspect.getdoc(value), f"{name}.{key}"


@every_module
def test_every_module_says_what_it_is(path: Path) -> None:
    if path.name != "__main__.py":
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), name
