"""`docs/adding.md` counts the files that a layer and a block take: so many have them, and no more."""

import re
from pathlib import Path

import pytest

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
