from pathlib import Path

import pytest

from striate.data import load, names
from striate.errors import InputError


def test_the_names() -> None:
    assert names() == ("digits", "mnist", "fashion-mnist", "cifar10")


def test_a_data_set_is_returned_as_it_is() -> None:
    digits = load("digits")
    assert load(digits) is digits


def test_case_does_not_matter_and_the_word_is_kept() -> None:
    found = load("Digits")
    assert (found.name, found.source) == ("digits", "Digits")


@pytest.mark.parametrize(
    ("word", "near"), [("minst", "mnist"), ("fashion_mnist", "fashion-mnist"), ("cifar-10", "cifar10")]
)
def test_an_unknown_name_is_told_the_nearest(word: str, near: str) -> None:
    with pytest.raises(InputError, match=f"no data set '{word}'.*did you mean '{near}'"):
        load(word)


def test_an_unknown_name_is_told_what_else_works() -> None:
    with pytest.raises(
        InputError,
        match=r"a folder with one sub-folder of images \(or \.npy arrays\) per class, .* or an \.npz archive",
    ):
        load("qqqqqq")
    with pytest.raises(InputError, match="no data set ''"):
        load("")


@pytest.mark.parametrize("word", ["nowhere/cats", "./cats", "cats.npz", "~/no-such-folder", "x" * 5000 + "/a"])
def test_a_missing_path_lists_where_it_was_looked_for(
    word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"no data at .*looked for /") as caught:
        load(word)
    assert "~" not in str(caught.value).split("looked for")[1]


def test_a_path_is_looked_for_here_and_then_in_the_data_folder(
    classes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, data = tmp_path / "here", tmp_path
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setenv("STRIATE_DATA", str(data))
    assert load("pets").classes == ("cat", "dog")
    with pytest.raises(InputError, match=f"looked for {here}/a/b and {data}/a/b"):
        load("a/b")


def test_a_path_that_is_gone_is_said_once(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=rf"^no data at '{tmp_path}/gone'; a data set is digits, "):
        load(str(tmp_path / "gone"))


def test_what_names_no_data_is_refused() -> None:
    with pytest.raises(InputError, match=r"^a data set is digits, .* archive, or a Dataset\. Received: list$"):
        load([1, 2])  # type: ignore[arg-type]


def test_a_relative_folder_keeps_its_short_paths(classes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(classes.parent)
    found = load("pets")
    assert found.train.paths[0].startswith("pets/cat/")
    monkeypatch.chdir(classes)
    assert load(".").name == "pets"


def test_a_folder_with_the_name_of_a_set_is_pointed_out(classes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(classes.parent)
    classes.rename("digits")
    found = load("digits")
    assert found.train.images.shape[1:] == (1, 8, 8)
    assert "./digits" in found.notes[-1]
    assert load("./digits").classes == ("cat", "dog")
    assert load(Path("digits")).classes == ("cat", "dog")


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "data.csv").touch()
    (tmp_path / "data.doc").touch()
    with pytest.raises(InputError, match=r"data.csv' has no column of image files"):
        load(tmp_path / "data.csv")
    with pytest.raises(InputError, match=r"data.doc' is a file that holds no data set"):
        load(tmp_path / "data.doc")
