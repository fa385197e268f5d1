"""What trains, keeps and prints knows no task: neither the words of classification nor the files of any task."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import striate
from striate.tasks.known import known
from striate.tasks.task import Task

ROOT = Path(striate.__file__).parent
VERBS = ("train", "resume", "test", "predict", "see", "tasks", "common")
SPOKEN = ("options.py", "recipes.py")  # what users choose has the field's names, whatever task takes it
FILES = sorted(
    [
        *(path for path in (ROOT / "training").glob("*.py") if path.name not in SPOKEN),
        *(ROOT / "runs").glob("*.py"),
        *(ROOT / "cli" / f"{verb}.py" for verb in VERBS),
    ]
)
WORDS = re.compile(r"\bclass(es|if\w*)|accurac|confusion|\blabel|\bmasks?\b|\bsentences?\b", re.IGNORECASE)
ALLOWED = {  # the verdict's own sentences, and the labels that a network's text has
    ("label", "freezing.py"),
    ("labels", "layer_rates.py"),
    ("sentence", "verdict.py"),
}


def words(path: Path) -> Iterator[str]:
    """Every name and every text of a module, without its docstrings."""
    tree = ast.parse(path.read_text())
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.value
        elif isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.arg):
            yield node.arg


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_word_of_a_task(path: Path) -> None:
    assert not [word for word in words(path) if WORDS.search(word) and (word, path.name) not in ALLOWED]


@pytest.mark.parametrize("task", known(), ids=lambda task: task.word)
def test_a_task_says_what_it_is(task: type[Task]) -> None:
    assert task.word.isidentifier()
    assert task.reads
    assert task.metrics
    assert task.unit.endswith("s"), "a plural, of which the singular is one letter shorter"
    assert not task.__abstractmethods__
    assert task.__doc__
