"""Tables of images with several labels: the layouts that people have, and what is wrong with others."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from striate.data import lazy
from striate.data.lazy import Lazy
from striate.data.multilabel import LabelRows, is_table, load
from striate.errors import InputError

LISTS = "path,labels\na.png,cat dog\nb.png,dog\nc.png,\nd.png,cat\n"
SWITCHES = "path,cat,dog\na.png,1,1\nb.png,0,1\nc.png,0,0\nd.png,1,0\n"
TRUE = {"a.png": ["cat", "dog"], "b.png": ["dog"], "c.png": [], "d.png": ["cat"]}


def pictures(folder: Path, *names: str) -> None:
    """Small grey images."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names):
        Image.fromarray(np.full((4, 4), 6 * number + 1, np.uint8)).save(folder / name)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder of four images."""
    pictures(tmp_path / "set", *TRUE)
    return tmp_path / "set"


@pytest.fixture
def table(root: Path) -> Callable[[str], Path]:
    """Writes a table beside the images."""

    def write(text: str, name: str = "labels.csv") -> Path:
        (root / name).write_text(text)
        return root / name

    return write


def read(source: Path, **how: Any) -> LabelRows:
    found = load(source, **how)
    assert found is not None
    return found


def labelled(found: LabelRows, part: str = "train") -> Mapping[str, list[str]]:
    """The labels of each image of a part, by its file's name."""
    split = found.parts[part]  # type: ignore[index]
    rows = zip(split.paths, split.labels.tolist(), strict=True)
    return {Path(path).name: [found.labels[k] for k, there in enumerate(row) if there] for path, row in rows}


@pytest.mark.parametrize(
    "text",
    [
        LISTS,
        SWITCHES,
        LISTS.replace("cat dog", "cat;dog"),
        LISTS.replace("cat dog", "cat|dog"),
        LISTS.replace("cat dog", '"cat, dog"'),
        LISTS.replace(",", "\t"),
        LISTS.replace(",", ";"),
        LISTS.replace("path,labels\n", ""),
        LISTS.replace("path", "image_name").replace("labels", "tags").replace(".png", ""),
        LISTS.replace("labels", "what"),
        LISTS + "a.png,dog\na.png,cat\n",
        "path,label\na.png,cat\nb.png,dog\nc.png,\nd.png,cat\n../set/a.png,dog\n",
        LISTS.replace("cat dog", "\"['cat', 'dog']\"").replace(",dog", ",['dog']").replace("c.png,", "c.png,[]"),
        LISTS.replace("cat dog", '"{cat,dog}"').replace(",dog\n", ",{dog}\n").replace("c.png,", "c.png,set()"),
        LISTS.replace("cat dog", "['cat' 'dog']"),
        LISTS.replace("cat dog", '"[""cat"", ""dog""]"').replace(",cat\n", ',"[""cat""]"\n'),
        "".join(f"{first},{row}\n" for first, row in zip(["", 0, 1, 2, 3], SWITCHES.splitlines(), strict=True)),
        SWITCHES.replace(",", ";").replace("1", "True").replace("0", "False"),
        SWITCHES.replace("1", "1.0").replace("0", "0.0").replace("1.0.0", "1.0"),
        SWITCHES.replace("path,cat,dog", "cat,dog,path")
        .replace("a.png,1,1", "1,1,a.png")
        .replace("b.png,0,1", "0,1,b.png")
        .replace("c.png,0,0", "0,0,c.png")
        .replace("d.png,1,0", "1,0,d.png"),
        "\ufeff" + LISTS.replace("\n", "\r\n"),
    ],
)
@pytest.mark.parametrize("whole", [True, False])
def test_all_spellings_mean_the_same(root: Path, table: Any, text: str, whole: bool) -> None:
    file = table(text)
    found = read(root if whole else file)
    assert found.labels == ("cat", "dog")
    assert labelled(found) == TRUE
    assert is_table(file)


def test_labels_may_have_blanks_where_something_else_parts_them(root: Path, table: Any) -> None:
    table("path,labels\na.png,polar bear; cat\nb.png,cat\nd.png,polar bear\n")
    assert labelled(read(root))["a.png"] == ["cat", "polar bear"]


def test_quoted_labels_within_brackets_may_hold_anything(root: Path, table: Any) -> None:
    table("""path,labels\na.png,"['polar bear', 'cat, black']"\nb.png,['polar bear']\nd.png,"[""king's crab""]"\n""")
    assert labelled(read(root)) == {
        "a.png": ["cat, black", "polar bear"],
        "b.png": ["polar bear"],
        "d.png": ["king's crab"],
    }


def test_rows_of_an_image_are_joined_and_told_but_not_across_parts(root: Path, table: Any) -> None:
    table("path,label\na.png,cat\nb.png,dog\na.png,dog\na.png,cat\n", "train.csv")
    found = read(root)
    assert labelled(found) == {"a.png": ["cat", "dog"], "b.png": ["dog"]}
    assert any("images have several rows: 2 more rows are joined to the first" in note for note in found.notes)
    table("path,label\na.png,cat\n", "test.csv")
    with pytest.raises(InputError, match=r"train\.csv:2 and test\.csv:2 name the same image; leave it in one part"):
        read(root)


@pytest.mark.parametrize("index", ["", "Unnamed: 0"])
@pytest.mark.parametrize("end", [".png", ""])
def test_an_index_of_rows_names_no_images(tmp_path: Path, index: str, end: str) -> None:
    pictures(tmp_path, *(f"{number}.png" for number in range(4)))
    (tmp_path / "labels.csv").write_text(
        f"{index},image,cat,dog\n0,3{end},1,1\n1,2{end},0,1\n2,9{end},1,1\n3,1{end},1,0\n4,0{end},0,0\n"
    )
    found = read(tmp_path)
    assert found.labels == ("cat", "dog")
    assert labelled(found) == {"3.png": ["cat", "dog"], "2.png": ["dog"], "1.png": ["cat"], "0.png": []}


def test_an_index_names_images_where_no_other_column_does(tmp_path: Path) -> None:
    pictures(tmp_path, "0.png", "1.png", "2.png")
    (tmp_path / "labels.csv").write_text(",cat,dog\n2,1,0\n1,1,1\n0,0,1\n")
    assert labelled(read(tmp_path)) == {"2.png": ["cat"], "1.png": ["cat", "dog"], "0.png": ["dog"]}


def test_an_index_is_no_label_however_few_rows_there_are(root: Path, table: Any) -> None:
    table(",path,cat,dog\n0,a.png,1,1\n1,b.png,0,1\n")
    found = read(root)
    assert labelled(found) == {"a.png": ["cat", "dog"], "b.png": ["dog"]}
    assert not any("not used" in note for note in found.notes)


def test_labels_that_are_numbers_are_in_their_order(root: Path, table: Any) -> None:
    table("Id,Target\na.png,16 0\nb.png,9 0\nd.png,0\n")
    assert read(root).labels == ("0", "9", "16")


def test_a_column_of_0_and_1_is_none_of_images_that_are_numbered(tmp_path: Path) -> None:
    pictures(tmp_path, "0.png", "1.png", "2.png")
    (tmp_path / "labels.csv").write_text("cat,dog,path\n1,0,2\n1,1,1\n0,1,0\n")
    assert labelled(read(tmp_path)) == {"2.png": ["cat"], "1.png": ["cat", "dog"], "0.png": ["dog"]}


def test_columns_of_something_else_are_told(root: Path, table: Any) -> None:
    table("path,title,cat,dog\na.png,a cat and a dog,1,1\nb.png,nobody knows,0,1\nd.png,what,1,0\n")
    found = read(root)
    assert found.labels == ("cat", "dog")
    assert any("not used: title" in note for note in found.notes)


def test_images_are_found_in_folders_beside_the_table(tmp_path: Path) -> None:
    pictures(tmp_path / "images", "a.png", "b.png")
    pictures(tmp_path / "test-jpg", "c.png")
    pictures(tmp_path / "deep" / "er", "d.png")
    (tmp_path / "train.csv").write_text("path,labels\na.png,cat dog\nb.png,dog\ndeep/er/d.png,cat\n")
    (tmp_path / "test.csv").write_text("path,labels\nc.png,cat\n")
    found = read(tmp_path)
    assert labelled(found) == {"a.png": ["cat", "dog"], "b.png": ["dog"], "d.png": ["cat"]}
    assert labelled(found, "test") == {"c.png": ["cat"]}
    assert labelled(read(tmp_path / "train.csv"), "test") == {"c.png": ["cat"]}, "it is read with what belongs to it"
    assert labelled(read(tmp_path / "test.csv", named=True)) == {"c.png": ["cat"]}, "it is read by itself"


def test_a_table_in_the_folder_of_each_part(tmp_path: Path) -> None:
    for part, name in (("train", "a.png"), ("valid", "b.png"), ("test", "c.png")):
        pictures(tmp_path / "export" / part, name)
        (tmp_path / "export" / part / "_classes.csv").write_text(f"filename, cat, dog\n{name}, 1, 1\n")
    found = read(tmp_path)
    assert found.labels == ("cat", "dog")
    assert {part: len(split) for part, split in found.parts.items()} == {"train": 1, "validation": 1, "test": 1}


def test_columns_of_the_parts_may_be_in_another_order(root: Path, table: Any) -> None:
    table("path,cat,dog\na.png,1,1\nb.png,0,1\nd.png,1,0\n", "train.csv")
    table("dog,path,cat\n1,c.png,0\n", "test.csv")
    assert labelled(read(root), "test") == {"c.png": ["dog"]}


def test_a_test_table_without_labels_is_left_out(root: Path, table: Any) -> None:
    table("path,labels\na.png,cat dog\nb.png,dog\n", "train.csv")
    table("path\nc.png\n", "test.csv")
    table("path,labels\nc.png,cat\n", "sample_submission.csv")
    found = read(root)
    assert set(found.parts) == {"train"}
    assert [(one.path, one.kind) for one in found.left_out] == [("test.csv", "table without labels")]


def test_what_fits_no_memory_stays_in_its_files(root: Path, table: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    table(LISTS)
    here = read(root)
    monkeypatch.setattr(lazy, "MEMORY", 10)
    found = read(root).with_test()
    images = found.parts["train"].images
    assert isinstance(images, Lazy)
    position = here.parts["train"].paths.index(found.parts["train"].paths[0])
    assert images.read([0])[0].tolist() == here.parts["train"].images[position].tolist()  # type: ignore[index]


def test_what_is_held_out_is_always_the_same_and_has_of_each_label(tmp_path: Path) -> None:
    names = [f"{number}.png" for number in range(40)]
    pictures(tmp_path, *names)
    every = ["rare common" if number % 10 == 0 else "common" * (number % 2) for number in range(40)]
    rows = [f"{name},{labels}" for name, labels in zip(names, every, strict=True)]
    for order in (rows, rows[::-1]):
        (tmp_path / "labels.csv").write_text("\n".join(["path,labels", *order]))
        found = read(tmp_path).with_test()
        held = {Path(path).name for path in found.parts["test"].paths}
        assert (found.parts["test"].labels.sum(0) > 0).all()
        assert (found.parts["train"].labels.sum(0) > 0).all()
        assert len(held) == 6 or len(held) == 7
        if order is rows:
            first = held
    assert held == first


# what is wrong


BROKEN = {
    "a label twice": (
        "path,cat,dog\na.png,1,2\nb.png,0,1\nd.png,1,0\n",
        r"labels\.csv:2: '2' in the column 'dog'; write 1",
    ),
    "an empty cell": (SWITCHES.replace("c.png,0,0", "c.png,,0"), r"labels\.csv:4: '' in the column 'cat'; write 1"),
    "an image twice": (
        SWITCHES + "a.png,1,0\n",
        r"labels\.csv:2 and labels\.csv:6 name the same image; give it one row",
    ),
    "an image twice by other names": (
        SWITCHES + "../set/a.png,1,0\n",
        r"labels\.csv:2 and labels\.csv:6 name the same image",
    ),
    "two columns of a name": (
        SWITCHES.replace("dog", "cat"),
        r"labels\.csv': the columns 2 and 3 are called 'cat'; rename or remove one",
    ),
    "a label without a name": (
        SWITCHES.replace("dog", ""),
        r"labels\.csv': column 3 holds 0 and 1 and has no name; name its label",
    ),
    "no label": (LISTS.replace("cat", "").replace("dog", ""), "no training image has a label"),
    "an open quotation mark": (LISTS.replace("cat dog", '"cat dog'), "a quotation mark opens a cell that does not end"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_wrong_is_said_in_one_line(root: Path, table: Any, case: str) -> None:
    text, said = BROKEN[case]
    table(text)
    with pytest.raises(InputError, match=said) as caught:
        read(root).checked()
    assert "\n" not in str(caught.value)


def test_a_label_that_no_training_image_has(root: Path, table: Any) -> None:
    table("path,cat,dog,eel\na.png,1,1,0\nb.png,0,1,0\nd.png,1,0,0\n")
    with pytest.raises(InputError, match="set: no training image has the label 'eel'; add some, or leave it out"):
        read(root).checked()
    (root / "labels.csv").unlink()
    table("path,labels\na.png,cat dog\nb.png,dog\n", "train.csv")
    table("path,labels\nc.png,cta\n", "test.csv")
    with pytest.raises(InputError, match=r"test\.csv:2: no training image has the label 'cta'; did you mean 'cat'"):
        read(root)


def test_a_row_without_its_file_is_left_out_or_refused(root: Path, table: Any) -> None:
    table(LISTS + "e.png,cat\nf.png\n")
    found = read(root)
    assert labelled(found) == TRUE
    assert {one.path: one.reason for one in found.left_out} == {
        "labels.csv:6": "there is no file 'e.png'",
        "labels.csv:7": "it ends before column 2",
    }
    assert any("1 rows without a file" in note for note in found.notes)
    with pytest.raises(InputError, match=r"set, labels\.csv:6: there is no file 'e\.png'; correct the row"):
        read(root, bad="refuse")


def test_no_file_of_a_table_is_there(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text(LISTS)
    with pytest.raises(InputError, match=r"names no image that is there: labels\.csv:2 \(there is no file 'a\.png'\)"):
        read(tmp_path)


def test_an_image_that_cannot_be_read_is_left_out_or_refused(root: Path, table: Any) -> None:
    table(LISTS)
    (root / "a.png").write_bytes(b"none")
    assert labelled(read(root)) == {name: labels for name, labels in TRUE.items() if name != "a.png"}
    with pytest.raises(InputError, match=r"a\.png"):
        read(root, bad="refuse")
    for name in TRUE:
        (root / name).write_bytes(b"none")
    with pytest.raises(InputError, match="names no image that can be read"):
        read(root)


NONE = {
    "no image column": ("name,cat,dog\nx,1,0\ny,0,1\nz,1,1\n", "has no column of image files"),
    "no labels": (
        "path,title\na.png,one cat\nb.png,two dogs\nc.png,a house\nd.png,by the sea\n",
        "has no column of labels",
    ),
    "something to measure": ("path,target\na.png,0.5\nb.png,1.25\nc.png,0.75\n", "has no column of labels"),
    "ages": ("path,age\na.png,30\nb.png,30\nc.png,41\nd.png,41\n", "has no column of labels"),
    "columns without names": ("a.png,1,1\nb.png,0,1\nc.png,0,0\n", "has no column of labels"),
    "binary": ("\0\1\2" * 50, "save it as UTF-8 text"),
}


@pytest.mark.parametrize("case", NONE)
def test_other_tables_are_left_to_other_tasks_unless_the_task_is_named(root: Path, table: Any, case: str) -> None:
    text, said = NONE[case]
    file = table(text)
    for source in (root, file):
        assert load(source) is None
        with pytest.raises(InputError, match=said):
            load(source, named=True)
    assert not is_table(file)


def test_nothing_there_is_nothing(tmp_path: Path) -> None:
    assert load(tmp_path) is None
    assert load(tmp_path, named=True) is None
    assert load(tmp_path / "none.csv", named=True) is None


def test_two_tables_are_asked_about(root: Path, table: Any) -> None:
    table(LISTS, "animals.csv")
    table(SWITCHES, "others.csv")
    with pytest.raises(InputError, match=r"holds 2 tables of labels; name one: '.*animals\.csv', '.*others\.csv'"):
        load(root)
    assert labelled(read(root / "animals.csv")) == TRUE


def test_one_label_each_is_classification_where_folders_are_the_classes(tmp_path: Path) -> None:
    pictures(tmp_path / "cat", "a.png")
    pictures(tmp_path / "dog", "b.png")
    (tmp_path / "labels.csv").write_text("path,labels\ncat/a.png,cat\ndog/b.png,dog\n")
    assert load(tmp_path) is None
    found = read(tmp_path, named=True)
    assert found.one_each
    assert labelled(found) == {"a.png": ["cat"], "b.png": ["dog"]}


@pytest.mark.parametrize(
    "rows", ["cat/a.png,1,1\ndog/b.png,0,0\n", "cat/a.png,1,\ndog/b.png,0,0\ncat/a.png,1,0\n", "x.png,1,1\n"]
)
def test_a_table_of_other_labels_beside_class_folders_is_asked_about(tmp_path: Path, rows: str) -> None:
    pictures(tmp_path / "cat", "a.png")
    pictures(tmp_path / "dog", "b.png")
    (tmp_path / "metadata.csv").write_text("path,blurry,night\n" + rows)
    with pytest.raises(InputError, match=r"may be data for classify or multilabel; say which with `task`$"):
        load(tmp_path)


def test_a_table_beside_class_folders_is_read_where_it_is_named(tmp_path: Path) -> None:
    pictures(tmp_path / "cat", "a.png")
    pictures(tmp_path / "dog", "b.png")
    (tmp_path / "metadata.csv").write_text("path,blurry,night\ncat/a.png,1,1\ndog/b.png,0,0\n")
    for found in (read(tmp_path, named=True), read(tmp_path / "metadata.csv")):
        assert labelled(found) == {"a.png": ["blurry", "night"], "b.png": []}


# for a network that has learned


def test_labels_come_in_the_order_that_was_learned(root: Path, table: Any) -> None:
    table("path,labels\na.png,polar bear\nb.png,polar bear\n")
    known = ("dog", "polar bear", "cat")
    found = read(root, named=True, known=known).like(known)
    assert found.labels == known
    assert labelled(found) == {"a.png": ["polar bear"], "b.png": ["polar bear"]}
    with pytest.raises(InputError, match="a label 'bear' that the run has not learned"):
        read(root, named=True, known=("cat",)).like(("cat",))
