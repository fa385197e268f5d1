"""Images that a table lists with one class each."""

from collections.abc import Callable
from pathlib import Path

import pytest

from striate.data import load
from striate.errors import InputError

Draw = Callable[..., Path]
HEADS = ("path,label", "filename,class", "image;species", "Id\tClassId", "label,file_name", "img_path,target,split")


@pytest.fixture
def images(tmp_path: Path, draw: Draw) -> Path:
    for number in range(12):
        draw(tmp_path / f"images/{number}.png", number)
    return tmp_path


@pytest.mark.parametrize("head", HEADS)
def test_headers_and_delimiters_of_all_spellings(images: Path, head: str) -> None:
    mark = next(sign for sign in ",;\t" if sign in head)
    names = head.split(mark)
    rows = []
    for number in range(12):
        label, part = ("eel", "ant", "bee")[number % 3], "test" if number > 8 else "Training"
        cells = {True: f"{number}.png", False: part if mark.join(names[2:]) == "split" else label}
        first = label if names[0] == "label" else cells[True]
        rows.append(mark.join([first, cells[True] if names[0] == "label" else label, *([part] * (len(names) - 2))]))
    (images / "table.csv").write_text("\n".join([head, *rows]))
    for source in (images / "table.csv", images):
        found = load(source)
        assert found.classes == ("ant", "bee", "eel")
        if len(names) > 2:
            assert found.test is not None
            assert {Path(path).name for path in found.test.paths} == {"9.png", "10.png", "11.png"}
        for part in found.parts.values():
            for path, label in zip(part.paths, part.labels.tolist(), strict=True):
                assert found.classes[label] == ("eel", "ant", "bee")[int(Path(path).stem) % 3]


def test_numbers_names_of_several_words_and_one_hot_columns(images: Path) -> None:
    table = images / "table.csv"
    table.write_text("\n".join(["path,label", *(f"images/{n}.png,{(10, 9, 2)[n % 3]}" for n in range(12))]))
    assert load(table).classes == ("2", "9", "10")
    kinds = ("polar bear", "brown bear")
    table.write_text("\n".join(["path,label", *(f"images/{n}.png,{kinds[n % 2]}" for n in range(12))]))
    assert load(table).classes == ("brown bear", "polar bear")
    table.write_text("\n".join(["path,cat,dog", *(f"images/{n}.png,{n % 2},{1 - n % 2}" for n in range(12))]))
    assert load(table).classes == ("cat", "dog")


def test_rows_that_can_not_be_used_are_left_out_or_refused(images: Path) -> None:
    rows = [f"images/{n}.png,{'ab'[n % 2]},train" for n in range(11)]
    table = images / "table.csv"
    table.write_text("\n".join(["path,label,split", *rows, "gone.png,a,train", "images/11.png,,train"]))
    found = load(table)
    assert [one.path for one in found.left_out] == ["table.csv:13", "table.csv:14"]
    with pytest.raises(InputError, match=r"table.csv:13: there is no file 'gone.png'; correct the row"):
        load(table, bad="refuse")
    table.write_text("\n".join(["path,label,split", *rows, "images/11.png,a,sometimes"]))
    assert load(table).left_out[0].reason == "'sometimes' is neither training, validation nor test"
    table.write_text("\n".join(["path,label", *(f"images/{n}.png,{'ab'[n % 2]}" for n in range(11)), "images/0.png,b"]))
    with pytest.raises(
        InputError, match=r"an image with 2 classes, a, b; keep one of them, or say `task='multilabel'`"
    ):
        load(table)


def test_a_class_that_is_not_learned_is_told(images: Path) -> None:
    rows = [f"images/{n}.png,{'ab'[n % 2]},{'test' if n > 8 else 'train'}" for n in range(11)]
    (images / "table.csv").write_text("\n".join(["path,label,split", *rows, "images/11.png,c,test"]))
    with pytest.raises(InputError, match=r"has a class 'c' that .* lacks"):
        load(images / "table.csv")


def test_parquet_reads_as_the_same_table(images: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    paths, labels = [f"images/{n}.png" for n in range(12)], [f"{'ab'[n % 2]}" for n in range(12)]
    (images / "table.csv").write_text("\n".join(["path,label", *map(",".join, zip(paths, labels, strict=True))]))
    listed = load(images / "table.csv")
    (images / "table.csv").unlink()
    parquet.write_table(pyarrow.table({"path": paths, "label": labels}), images / "table.parquet")
    for source in (images / "table.parquet", images):
        found = load(source)
        assert found.sha256() == listed.sha256()
        assert found.train.paths == listed.train.paths
    (images / "table.parquet").write_bytes(b"PAR1 no more")
    with pytest.raises(InputError, match=r"cannot read '.*table.parquet' \("):
        load(images / "table.parquet")
