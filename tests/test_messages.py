"""What the library says: options by their names, and only the command line by flags."""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click
import pytest

import striate
from striate.cli import VERBS
from striate.cli.common import in_flags

ROOT = Path(striate.__file__).parent
OTHERS = ("cli", "runs/command.py")  # whose business the command line is
C = ("native/source.py", "native/single.py", "benchmark/peak.py")  # what they say in backticks stands in comments of C
FILES = [path for path in sorted(ROOT.rglob("*.py")) if not path.relative_to(ROOT).as_posix().startswith((*OTHERS, *C))]
OPTION = re.compile(r"`[a-z]\w*(?:=[^`]+)?`")


def said(path: Path) -> Iterator[tuple[int, str]]:
    """The texts of a file that are no documentation, with their lines."""
    tree = ast.parse(path.read_text())
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):  # what is filled in stands for any word
            parts = [part.value if isinstance(part, ast.Constant) else "2" for part in node.values]
            yield node.lineno, "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.lineno, node.value


def flags() -> set[str]:
    """Every flag of every verb, and of the verbs within them."""
    commands = [import_module(f"striate.cli.{name}").command for name in VERBS]
    commands += [inner for command in commands for inner in getattr(command, "commands", {}).values()]
    return {
        flag
        for command in commands
        for option in command.params
        if isinstance(option, click.Option)
        for flag in option.opts
    }


def test_lower_floors_know_no_flags() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {text}"
        for path in FILES
        for line, text in said(path)
        if re.search(r"(?<![\w,-])--[a-z]", text)  # after a comma without a blank it is the linker's: -Wl,…
    ]
    assert not found, "\n".join(found)


def test_every_option_that_is_spoken_of_is_one_that_can_be_typed() -> None:
    spoken = {option for path in FILES for _, text in said(path) for option in OPTION.findall(text)}
    assert {"`lr`", "`batch`", "`out`", "`overwrite=True`", "`engine='torch'`", "`epochs=2`"} <= spoken
    known = flags()
    for option in spoken:
        assert in_flags(option).split()[0] in known, f"{option} becomes {in_flags(option)}"


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("try a tenth of it with `lr`", "try a tenth of it with --lr"),
        ("`overwrite=True` replaces it", "--overwrite replaces it"),
        ("take `engine='torch'`, `epochs=4`", "take --engine torch, --epochs 4"),
        ("`bad='refuse'` and `letters`", "--bad-files refuse and --set"),
        ("`striate train` makes one; no `Conv`", "`striate train` makes one; no `Conv`"),
    ],
)
def test_options_are_said_as_they_are_typed(text: str, typed: str) -> None:
    assert in_flags(text) == typed
