"""The pages that are made from the code say what the code says, and what a page prints is printed."""

import doctest
import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from striate.notation import thumb, tree

DOCS = Path(__file__).parent.parent / "docs"


def blocks(page: Path) -> str:
    """The Python of a page, each line at its own place, as the companion's check reads it."""
    spec = importlib.util.spec_from_file_location("check", DOCS / "companion" / "check.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return str(module.blocks(page))


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
    words = [*tree.LAYERS, *tree.BLOCKS, *tree.LINKS, *thumb.DEFAULTS]
    for row, word in zip(rows, words, strict=True):
        assert re.match(rf"{word}( (?!to )|\[|$)", row.split("`")[1]), row


def test_a_number_that_may_be_left_out_has_its_default(make_layers: ModuleType) -> None:
    page = make_layers.page()
    for said in ("By default `p` 0.1.", "By default `slope` 0.01.", "`size` 5, `alpha` 0.0001, `beta` 0.75, `k` 2."):
        assert said in page


def test_a_row_has_as_many_cells_as_its_table(make_layers: ModuleType) -> None:
    for line in make_layers.page().splitlines():
        if line.startswith("|"):
            assert line.replace(r"\|", "").count("|") == 3, line


def test_the_whole_idea_is_printed_by_the_functions_themselves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    page = DOCS / "whole.md"
    test = doctest.DocTestParser().get_doctest(blocks(page), {}, page.name, str(page), 0)
    assert len(test.examples) > 30
    assert doctest.DocTestRunner(verbose=False).run(test).failed == 0, capsys.readouterr().out


def test_a_wrong_word_in_it_is_seen(tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text("Prose.\n\n```python\n>>> 1 + 1\n3\n```\nMore.\n")
    test = doctest.DocTestParser().get_doctest(blocks(tmp_path / "page.md"), {}, "page", None, 0)
    assert doctest.DocTestRunner(verbose=False).run(test, out=lambda text: None).failed == 1


@pytest.mark.parametrize("page", [DOCS / "whole.md", DOCS / "layers.md"])
def test_the_links_of_a_page_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8"))
    assert all((page.parent / link).exists() for link in links), links
