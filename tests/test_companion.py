"""The companion's pages run, and every worked number of the lectures in them comes out."""

import importlib.util
from pathlib import Path

import pytest

COMPANION = Path(__file__).parents[1] / "docs" / "companion"
spec = importlib.util.spec_from_file_location("check", COMPANION / "check.py")
assert spec is not None
assert spec.loader is not None
check = importlib.util.module_from_spec(spec)
spec.loader.exec_module(check)
PAGES = sorted(COMPANION.glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_s_code_runs(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(COMPANION.parents[1])
    assert check.run(page) == check.blocks(page).count("# worked: ")


def test_the_command_counts_them(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(COMPANION.parents[1])
    assert check.main([]) == 0
    assert capsys.readouterr().out.endswith("28 of 28 worked numbers\n")


def test_a_wrong_number_is_seen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "wrong.md"
    page.write_text("```python\nassert 1 + 1 == 3  # worked: none\n```\n")
    assert check.main([str(page)]) == 1
    assert "wrong.md: an assertion fails at line 2\n0 of 1 worked numbers\n" in capsys.readouterr().out


@pytest.mark.parametrize("page", [COMPANION.parents[1] / "README.md"])
def test_the_readme_s_notation_is_a_network(page: Path) -> None:
    from striate.notation import measure, read

    text = page.read_text(encoding="utf-8").split("## The notation")[1].split("```")[1]
    assert measure(read(text)).output == (10,)
