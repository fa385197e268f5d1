"""The companion's pages run, draw their pictures, and every worked number of the lectures in them comes out."""

import contextlib
import importlib.util
import io
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

COMPANION = Path(__file__).parents[1] / "docs" / "companion"
spec = importlib.util.spec_from_file_location("check", COMPANION / "check.py")
assert spec is not None
assert spec.loader is not None
check = importlib.util.module_from_spec(spec)
spec.loader.exec_module(check)
PAGES = check.with_code()
PARTS = [
    "activations",
    "architectures",
    "backpropagation",
    "convolution",
    "features",
    "overfitting",
    "pooling",
    "sharing",
    "sizes",
    "training",
]


def pictures(page: Path) -> dict[str, str]:
    """The pictures that a page shows: file name and alternative text."""
    return {
        name: words for words, name in re.findall(r"!\[(.*?)\]\(pictures/(.+?)\)", page.read_text(encoding="utf-8"))
    }


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """`python docs/companion/check.py`, run once: its status, what it says, and the pictures it draws."""
    folder, said = tmp_path_factory.mktemp("pictures"), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(said):
        patch.chdir(tmp_path_factory.mktemp("elsewhere"))
        patch.setattr(check.drawing, "folder", folder)
        status = check.main(["--draw"])
    return SimpleNamespace(status=status, said=said.getvalue(), drawn={path.name: path for path in folder.iterdir()})


def test_there_is_a_page_for_each_part() -> None:
    assert [page.stem for page in PAGES] == PARTS
    readme = (COMPANION / "README.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^\| \d+ \| \[.+?\]\((\w+)\.md\)", readme, flags=re.MULTILINE)) == PARTS


@pytest.mark.slow
def test_every_worked_number_comes_out(command: SimpleNamespace) -> None:
    assert command.said.endswith("42 of 42 worked numbers\n")
    assert "(42 of 42)" in (COMPANION / "README.md").read_text(encoding="utf-8")
    assert command.status == 0


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_s_code_runs(page: Path, command: SimpleNamespace) -> None:
    assert re.search(rf"^{page.name}: (runs|\d+ of \d+)$", command.said, flags=re.MULTILINE)


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_s_pictures_are_drawn_and_kept(page: Path, command: SimpleNamespace) -> None:
    shown = pictures(page)
    assert shown
    assert all(words and name.startswith(page.stem) for name, words in shown.items())
    assert shown.keys() == {name for name in command.drawn if name.startswith(page.stem)}
    assert all((COMPANION / "pictures" / name).is_file() for name in shown)


@pytest.mark.slow
def test_every_picture_kept_is_drawn_and_small(command: SimpleNamespace) -> None:
    kept = list((COMPANION / "pictures").iterdir())
    assert {path.name for path in kept} == set(command.drawn)
    assert all(path.stat().st_size < (60_000 if path.suffix == ".png" else 200_000) for path in kept)


def test_a_picture_is_the_same_bytes_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = COMPANION / "sharing.md"
    drawn = []
    for name in ("one", "two"):
        monkeypatch.setattr(check.drawing, "folder", tmp_path / name)
        check.run(page)
        drawn.append({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()})
    assert drawn[0] == drawn[1]


def test_pictures_are_written_only_when_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "page.md"
    code = "from drawing import canvas, save\nfigure, axes = canvas(1, 1)\nsave(figure, 'page.svg')"
    page.write_text(f"```python\n{code}\n```\n")
    monkeypatch.setattr(check.drawing, "folder", tmp_path / "pictures")
    assert check.main([str(page)]) == 0
    assert not (tmp_path / "pictures").exists()
    assert check.main([str(page), "--draw"]) == 0
    assert (tmp_path / "pictures" / "page.svg").is_file()


def test_the_companion_says_which_lecture_is_which() -> None:
    readme = (COMPANION / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^\| ([A-E]) \| \w", readme, flags=re.MULTILINE))
    used = {letter for name, _ in check.listed() for letter in re.findall(r"\b[A-E]\b", name.split(",")[0])}
    assert named == set("ABCDE") >= used > {"A"}


def test_a_wrong_number_is_seen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "wrong.md"
    page.write_text("```python\nassert 1 + 1 == 3  # worked: none\n```\n")
    assert check.main([str(page)]) == 1
    line = "wrong.md:2: an assertion fails: assert 1 + 1 == 3  # worked: none"
    assert f"{line}\n0 of 1 worked numbers\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("assert 1 + 1 == 3", "page.md:2: an assertion fails: assert 1 + 1 == 3"),
        ("number = 1 / 0", "page.md:2: ZeroDivisionError: division by zero"),
        ("number = 1\n\nprose with an open fence", "page.md:4: no Python (invalid syntax); is a fence open?"),
        ("number = 1  # worked: one", "page.md:2: '# worked: ' must stand at the end of an assertion"),
    ],
)
def test_a_page_that_fails_without_worked_numbers_is_seen(
    code: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"```python\n{code}\n```\n")
    assert check.main([str(page)]) == 1
    assert capsys.readouterr().out == f"{said}\n0 of 0 worked numbers\n"


def test_a_page_is_called_by_its_name_or_its_path(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(COMPANION.parents[1])
    names = ("pooling", "pooling.md", "docs/companion/pooling.md")  # a path from wherever one is
    assert {check.called(name).resolve() for name in names} == {COMPANION / "pooling.md"}
    assert check.main(["nosuch.md"]) == 2
    said = capsys.readouterr().err
    assert said == f"no page 'nosuch.md'; there are {', '.join(PARTS)}\n"


def test_a_number_that_the_list_lacks_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "page.md").write_text("```python\nassert 1 + 1 == 2  # worked: Z, a sum\n```\n")
    (tmp_path / "worked.md").write_text("| Z, a product | 4 | [page.md](page.md) |\n")
    monkeypatch.setattr(check, "HERE", tmp_path)
    monkeypatch.setattr(check, "LIST", tmp_path / "worked.md")
    assert check.main([]) == 1
    said = capsys.readouterr().out
    assert "page.md: 'Z, a product' stands in worked.md alone\n" in said
    assert "page.md: 'Z, a sum' stands on the page alone\n" in said


def test_a_worked_number_without_assertion_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "bare.md"
    page.write_text("```python\nnumber = 3  # worked: three\n```\n")
    with pytest.raises(ValueError, match=r"bare\.md:2: '# worked: ' must stand at the end of an assertion"):
        check.worked(page)


@pytest.mark.parametrize("page", [COMPANION.parents[1] / "README.md"])
def test_the_readme_s_notation_is_a_network(page: Path) -> None:
    from striate.notation import measure, read

    text = page.read_text(encoding="utf-8").split("## The notation")[1].split("```")[1]
    assert measure(read(text)).output == (10,)
