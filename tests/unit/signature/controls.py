"""The verifier's controls, found in its own source, and how one of them is taken out while a test runs.

A control is a place where the code says no: it raises a refusal, returns False where it is asked for a yes, or
returns why not. Each is taken out by running the function without that one statement; where a condition has
several reasons to refuse, each of them is taken out alone too. The product knows nothing of it.
"""

from __future__ import annotations

import ast
import copy
import importlib
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from types import CodeType, FunctionType, ModuleType
from typing import Any

NO_VERDICTS = {
    "SignatureRefused",
    "TypeError",
    "AssertionError",
    "TrustError",
    "KeyFileError",
    "NotSignableError",
    "RuntimeError",
    "ValueError",
    "UnsupportedAlgorithm",
}
"""What is raised for other ends than to refuse a message: what is configured, programmed or written wrongly."""

Path = tuple[tuple[str, int | None], ...]
"""From a module's tree to a node: (field, index) at each step."""


@dataclass(frozen=True)
class Control:
    """One place where the code says no."""

    module: str
    function: str
    """Qualified name of the outermost function it stands in."""
    line: int
    """Of the statement that refuses."""
    text: str
    """What stands there; for one of several reasons, the reason alone."""
    path: Path
    put: str
    """The statement or expression that stands there when it is taken out."""

    def __str__(self) -> str:
        return f"{self.module.removeprefix('esutd_bus.')}.{self.function}: {self.text}"

    @property
    def file(self) -> str:
        """The source file."""
        return _source(self.module)[0]


def controls(module: str) -> Iterator[Control]:
    """Every control in a module's functions, in the order of its source."""
    return _below(module, _tree(module), (), (), None)


@contextmanager
def taken_out(control: Control) -> Iterator[None]:
    """The code without one of its controls."""
    function = _live(importlib.import_module(control.module), control.function)
    untouched = function.__code__
    function.__code__ = _without(control)
    try:
        yield
    finally:
        function.__code__ = untouched


def _source(module: str) -> tuple[str, str]:
    file = inspect.getsourcefile(importlib.import_module(module))
    assert file is not None
    return file, inspect.getsource(importlib.import_module(module))


@cache
def _tree(module: str) -> ast.Module:
    return ast.parse(_source(module)[1])


def _below(
    module: str, node: ast.AST, path: Path, names: tuple[str, ...], within: ast.FunctionDef | None
) -> Iterator[Control]:
    """The controls of a node and of what it holds; `within` is the outermost function around it."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef) and within is None:
        names = (*names, node.name)
    if isinstance(node, ast.FunctionDef):
        within = within or node
    if isinstance(node, ast.stmt) and within is not None:
        yield from _at(module, node, path, ".".join(names), within)
    for field, value in ast.iter_fields(node):
        children = enumerate(value) if isinstance(value, list) else ((None, value),)
        for index, child in children:
            if isinstance(child, ast.AST):
                yield from _below(module, child, (*path, (field, index)), names, within)


def _at(module: str, node: ast.stmt, path: Path, function: str, within: ast.FunctionDef) -> Iterator[Control]:
    """The controls that a statement is: itself, and each of the reasons of an `if … or …` that refuses."""
    if (instead := _instead(node, within)) is not None:
        yield Control(module, function, node.lineno, ast.unparse(node), path, instead)
    match node:
        case ast.If(test=ast.BoolOp(op=ast.Or(), values=reasons), body=[*_, refusal]):
            if _instead(refusal, within) is None:
                return
            for index, reason in enumerate(reasons):
                place = (*path, ("test", None), ("values", index))
                yield Control(module, function, refusal.lineno, ast.unparse(reason), place, "False")


def _instead(node: ast.stmt, within: ast.FunctionDef) -> str | None:
    """What to put in place of a statement that says no; None where it does not."""
    match node:
        case ast.Raise(exc=ast.expr() as raised) if _name(raised) not in NO_VERDICTS:
            return "pass"
        case ast.Return(value=ast.expr() as value):
            answer = ast.unparse(within.returns) if within.returns else ""
            if answer == "bool" and ast.unparse(value) != "True":
                return "return True"
            if answer == "Refusal | None" and ast.unparse(value) != "None":
                return "return None"
            if answer == "Signer | None" and ast.unparse(value) == "None":
                return "pass"
    return None


def _name(raised: ast.expr) -> str:
    return ast.unparse(raised.func if isinstance(raised, ast.Call) else raised)


def _without(control: Control) -> CodeType:
    tree = copy.deepcopy(_tree(control.module))
    parent: Any = tree
    *way, (field, index) = control.path
    for step, position in way:
        parent = getattr(parent, step) if position is None else getattr(parent, step)[position]
    put: Any = ast.parse(f"def put(): {control.put}").body[0].body[0]  # type: ignore[attr-defined]
    if isinstance(put, ast.Expr):
        put = put.value
    if index is None:
        setattr(parent, field, put)
    else:
        getattr(parent, field)[index] = put
    ast.fix_missing_locations(tree)
    return _code(compile(tree, control.file, "exec"), control.function)


def _code(code: CodeType, function: str) -> CodeType:
    if code.co_qualname == function:
        return code
    for constant in code.co_consts:
        if isinstance(constant, CodeType) and f"{function}.".startswith(f"{constant.co_qualname}."):
            return _code(constant, function)
    raise LookupError(function)


def _live(module: ModuleType, function: str) -> FunctionType:
    """The function itself, beneath properties and whatever else wraps it."""
    found: Any = module
    for name in function.split("."):
        found = vars(found)[name]
        while not isinstance(found, FunctionType | type):
            inner = ("__wrapped__", "__func__", "fget", "func")
            found = next(getattr(found, attribute) for attribute in inner if hasattr(found, attribute))
    assert isinstance(found, FunctionType)
    return found
