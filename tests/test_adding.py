"""`docs/adding.md` counts the files that a layer and a block take: so many have them, and no more. Its task runs."""

import re
import runpy
from collections.abc import Iterator
from pathlib import Path

import pytest

from striate.errors import InputError
from striate.tasks import known

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "adding.md").read_text(encoding="utf-8")
MADE = {"docs/layers.md"}  # by `make docs`
MOST = {"layer": (5, 2), "block": (2, 1)}  # files by hand, and of tests


def listed(kind: str) -> set[str]:
    part = re.split(r"^## ", PAGE, flags=re.M)[["layer", "block"].index(kind) + 1]
    return set(re.findall(r"^\| `([\w/.]+)`", part, re.M))


def holding(pattern: str, under: str) -> set[str]:
    files = [path for path in (ROOT / under).rglob("*") if path.suffix in (".py", ".h", ".c")]
    return {str(path.relative_to(ROOT)) for path in files if re.search(pattern, path.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("kind", MOST)
def test_it_takes_as_few_files_as_the_page_says(kind: str) -> None:
    files = listed(kind)
    tests = {name for name in files if name.startswith("tests/")}
    assert len(files - tests) <= MOST[kind][0]
    assert len(tests) <= MOST[kind][1]
    heading = f"{len(files - tests)} files and {len(tests)} of tests"
    assert heading in PAGE


def test_no_other_file_knows_the_layer() -> None:
    assert holding(r"\bRelu6\b|RELU6", "striate") == {name for name in listed("layer") if name.startswith("striate/")}


def test_no_other_file_builds_the_block() -> None:
    """But for the words of one error."""
    assert holding(r"\bDense\(|tree\.Dense\b|\bDense:", "striate/notation") == {
        name for name in listed("block") if name.startswith("striate/")
    }


@pytest.fixture
def task_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The page's program, in a folder of its own; its task is unknown afterwards."""
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.M | re.S)
    path = tmp_path / "means.py"
    path.write_text(code, encoding="utf-8")
    yield path
    known.remove(known.named("mean"))


def test_the_task_of_the_page_is_trained_and_opened_again(task_page: Path) -> None:
    made = runpy.run_path(str(task_page))
    assert made["run"].task == made["Mean"](1)
    assert made["run"].test()["error"] < 0.05
    (answer,) = made["run"].predict(made["np"].full((6, 6), 0.25, "float32"))
    assert answer.values["output"][0] == pytest.approx(0.25, abs=0.1)


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ('{"mean": Number()}', "{}", "'mean' is a field in the examples of means and not in their schema"),
        ('{"image": images, "mean"', '{"image": images, "level"', "'level' is a field in the examples of means"),
        ('{"mean": Number()}', '{"mean": Number(), "more": Number()}', "'more' is a field in the schema of means"),
    ],
)
def test_fields_that_do_not_agree_are_named(task_page: Path, right: str, wrong: str, said: str) -> None:
    code = task_page.read_text(encoding="utf-8")
    assert right in code
    task_page.write_text(code.replace(right, wrong), encoding="utf-8")
    with pytest.raises(InputError, match=said):
        runpy.run_path(str(task_page))
