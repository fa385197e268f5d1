"""The pages that are made from the code say what the code says."""

import doctest
import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from striate.notation import thumb, tree

DOCS = Path(__file__).parent.parent / "docs"


@pytest.fixture(scope="module")
def make_layers() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_layers", DOCS / "make_layers.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_of_layers_is_up_to_date(make_layers: ModuleType) -> None:
    page = (DOCS / "layers.md").read_text(encoding="utf-8")
    assert page == make_layers.page(), "docs/layers.md is out of date: run 'make docs'"


def test_the_generator_s_examples_hold(make_layers: ModuleType) -> None:
    assert doctest.testmod(make_layers).failed == 0


def test_every_word_and_block_has_its_row(make_layers: ModuleType) -> None:
    rows = [line for line in make_layers.page().splitlines() if line.startswith("| `")]
    words = [row.split("`")[1].split(" ")[0].removesuffix("[") for row in rows]
    assert words == [*tree.LAYERS, *tree.BLOCKS, *thumb.DEFAULTS]


def test_a_row_has_as_many_cells_as_its_table(make_layers: ModuleType) -> None:
    for line in make_layers.page().splitlines():
        if line.startswith("|"):
            assert line.replace(r"\|", "").count("|") == 3, line
