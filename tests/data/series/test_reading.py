"""Series in files of each form, and what is wrong with some."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from striate.data.series import cleaned, find, given
from striate.data.series.padding import padded, shortened, weights
from striate.data.series.table import read_table
from striate.errors import InputError
from tests import sounding

NAN = float("nan")


def both(root: Path, suffix: str = ".ts") -> Path:
    for part, count, seed in (("TRAIN", 8, 0), ("TEST", 4, 1)):
        sounding.ts(root / f"Bumps_{part}{suffix}", *sounding.bumps(count, seed, channels=2))
    return root


@pytest.mark.parametrize("asked", ["Bumps_TRAIN.ts", "Bumps_TEST.ts", "Bumps", ""])
def test_the_two_files_of_an_archive_are_found_by_any_name(tmp_path: Path, asked: str) -> None:
    both(tmp_path)
    found = find(tmp_path / asked)
    assert found
    assert {part: len(rows) for part, rows in found.parts.items()} == {"train": 8, "test": 4}
    assert (found.name, found.classes, found.channels) == ("Bumps", ("down", "up"), 2)
    assert "14 to 20 values long" in found.notes[0] or "values long" in found.notes[0]


def test_two_sets_in_a_folder_are_told_apart(tmp_path: Path) -> None:
    both(tmp_path)
    sounding.ts(tmp_path / "Other_TRAIN.ts", *sounding.bumps(4, 2))
    with pytest.raises(InputError, match="several sets of series, Bumps, Other; say which"):
        find(tmp_path)
    assert find(tmp_path / "Bumps")


@pytest.mark.parametrize("asked", ["Y_TRAIN.csv", "Y_TEST.tsv", "Y", ""])
def test_the_two_parts_may_be_of_different_formats(tmp_path: Path, asked: str) -> None:
    (tmp_path / "Y_TRAIN.csv").write_text("a,1,2,3\nb,3,2,1\n" * 3)
    (tmp_path / "Y_TEST.tsv").write_text("a\t1\t2\t3\nb\t3\t2\t1\n")
    found = find(tmp_path / asked)
    assert found
    assert {part: len(rows) for part, rows in found.parts.items()} == {"train": 6, "test": 2}


def test_two_archives_are_two_parts(tmp_path: Path) -> None:
    for part, count in (("TRAIN", 6), ("TEST", 4)):
        np.savez(tmp_path / f"Y_{part}.npz", x=np.arange(5.0 * count).reshape(count, 5), y=["a", "b"] * (count // 2))
    found = find(tmp_path)
    assert found
    assert {part: len(rows) for part, rows in found.parts.items()} == {"train": 6, "test": 4}


def test_two_files_of_one_part_are_refused(tmp_path: Path) -> None:
    for name in ("Z_TRAIN.csv", "Z_TRAIN2.csv"):
        (tmp_path / name).write_text("a,1,2,3\nb,3,2,1\n" * 3)
    with pytest.raises(InputError, match=r"has two files to train, Z_TRAIN\.csv and Z_TRAIN2\.csv; move one"):
        find(tmp_path)


def test_the_format_that_has_both_parts_is_read(tmp_path: Path) -> None:
    both(tmp_path, ".TS")
    (tmp_path / "Bumps_TRAIN.npz").write_bytes(b"the same once more, damaged")
    found = find(tmp_path)
    assert found
    assert {part: len(rows) for part, rows in found.parts.items()} == {"train": 8, "test": 4}


def test_a_ts_file_may_lack_values_and_classes(tmp_path: Path) -> None:
    path = tmp_path / "a.ts"
    path.write_text("# a comment\n@classLabel true a b\n@data\n1,?,3:a\n1,2,?:b\n4,5,6:a\n1,2,3:b\n")
    found = find(path, hold_out=False)
    assert found
    assert [one.tolist() for one in found.parts["train"].values] == [[[1, 2, 3]], [[1, 2]], [[4, 5, 6]], [[1, 2, 3]]]
    assert any("1 series had missing values" in note for note in found.notes)


@pytest.mark.parametrize("hold_out", [True, False])
def test_missing_values_are_told_and_none_is_counted_twice(tmp_path: Path, hold_out: bool) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a,1,,3\nb,4,5,6\n" * 4)
    found = find(path, hold_out=hold_out)
    assert found
    assert found.notes[0].startswith("a: 8 series of 2 classes")
    assert any("4 series had missing values" in note for note in found.notes)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("1,2,3:a\n", "line 1: a .ts file begins with lines of @"),
        ("@data\n", "has no series after @data"),
        ("@classLabel true a b\n@data\n1,2:c\n", "a.ts:3' has a class 'c' that @classLabel does not name"),
        ("@classLabel true a b\n@data\n1,x:a\n", "a.ts:3': could not convert"),
        ("@timeStamps true\n@data\n", "has time stamps"),
        ("@classLabel true a\n@data\n1,2:a\n3,4:a\n", "has only one class, 'a'"),
        ("@classLabel true a b\n@data\n1:a\n2:b\n", "it has one value alone"),
    ],
)
def test_what_is_wrong_with_a_ts_file_is_said(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "a.ts").write_text(text)
    with pytest.raises(InputError) as error:
        find(tmp_path / "a.ts")
    assert said in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("mark", [",", "\t", ";", " "])
def test_a_table_is_a_class_and_values_on_each_line(tmp_path: Path, mark: str) -> None:
    path = tmp_path / "Power_TRAIN.csv"
    lines = [["1.0", "0.5", "0.25", "0"], ["2.0", "1", "NaN", "3"]] * 3
    path.write_text("".join(mark.join(line) + "\n" for line in lines))
    found = find(path)
    assert found
    assert found.classes == ("1", "2")
    assert sorted(one.tolist() for rows in found.parts.values() for one in rows.values)[-1] == [[1, 2, 3]]


@pytest.mark.parametrize("mark", [";", "\t", " "])
def test_decimal_commas_are_read(mark: str) -> None:
    lines = [mark.join([f"{row % 2}", f"{row},5", "-0,25", "3"]) for row in range(12)]
    rows, left_out = read_table(lines, "a.csv", "skip")
    assert not left_out
    assert [row.values[0].tolist() for row in rows] == [[row + 0.5, -0.25, 3.0] for row in range(12)]
    assert {row.label for row in rows} == {"0", "1"}


def test_decimal_commas_change_no_label_and_no_thousands() -> None:
    named, _ = read_table(["label;side_age;0.1;0.2", "1,0;4,5;0,5;1,5", "1.0;4;0,5;1,5"], "a.csv", "skip")
    assert [(row.label, row.values.tolist()) for row in named] == [("1,0", [[0.5, 1.5]]), ("1", [[0.5, 1.5]])]
    with pytest.raises(InputError, match="'1,050' is no number"):
        read_table(["up;950;1,050", "up;1,050;2,980"], "a.csv", "refuse")
    points, _ = read_table(["up, 0.5", "down, 0.75"], "a.csv", "skip")
    assert [(row.label, row.values.tolist()) for row in points] == [("up", [[0.5]]), ("down", [[0.75]])]


def test_a_table_may_name_its_columns(tmp_path: Path) -> None:
    path = tmp_path / "beats.csv"
    path.write_text("side_before,t0,t1,t2,label\n" + "0.8,1,2,3,N\n0.4,3,2,,V\n" * 4)
    found = find(path, hold_out=False)
    assert found
    train = found.parts["train"]
    assert train.side is not None
    assert train.side[:2].ravel().tolist() == pytest.approx([0.8, 0.4])
    assert [one.tolist() for one in train.values[:2]] == [[[1, 2, 3]], [[3, 2]]]
    assert "with 1 numbers beside each" in found.notes[0]


def test_ragged_lines_are_left_out_by_their_number_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a,1,2,3\nb,1,2,3\na,1,2\nb,3,x,1\na,4,4,4\nb,,,\n")
    found = find(path, hold_out=False)
    assert found
    assert [(one.path, one.reason) for one in found.left_out] == [
        ("a.csv:3", "it has 3 cells and most lines 4"),
        ("a.csv:4", "'x' is no number"),
        ("a.csv:6", "it has no values"),
    ]
    assert "1 series is the same value all along" in " ".join(found.notes)
    with pytest.raises(InputError, match=r"line 3: it has 3 cells and most lines 4; correct it"):
        find(path, bad="refuse")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("a,1,2\nb,1\na,1,2,3\n", "lines have 2 to 4 cells; give all lines as many"),
        ("time,first,second\n1,2,3\n", "line 1 names columns, and none is called label or class"),
        ("label,t0\n", "names columns and has no series"),
        ('a,1,2\nb,"3,4\na,1,2\n', "a.csv' is no table: unexpected end of data"),
        ("label,t0,t1,t2\na,1,2\nb,3,4\n", "line 1 names 4 columns, and most lines have 3 cells"),
        ("label,t0\na,1,2\nb,3,4\n", "line 1 names 2 columns, and most lines have 3 cells"),
        ("a,1,2\na,3,4\n", "has only one class, 'a'"),
    ],
)
def test_what_is_wrong_with_a_table_is_said(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(InputError) as error:
        find(tmp_path / "a.csv")
    assert said in str(error.value)


X, Y = np.arange(20.0).reshape(4, 5), [1, 2, 1, 2]


def test_an_archive_may_have_columns_and_classes_as_floats(tmp_path: Path) -> None:
    ends, classes = np.array([[5], [4], [3], [5]]), np.array(Y, np.float64)[:, None]
    found = find(archive(tmp_path / "a.npz", x_train=X, y_train=Y, len_train=ends, x_test=X, y_test=classes))
    assert found
    assert found.classes == ("1", "2")
    assert found.parts["test"].labels == ("1", "2", "1", "2")
    assert [one.shape[1] for one in found.parts["train"].values] == [5, 4, 3, 5]


def archive(path: Path, **arrays: Any) -> Path:
    np.savez(path, **arrays)
    return path


def test_an_archive_has_lengths_and_numbers_beside(tmp_path: Path) -> None:
    x = np.arange(24, dtype=np.float32).reshape(4, 1, 6)
    x[1, :, 4:] = NAN
    path = archive(
        tmp_path / "a.npz",
        **{f"{key}_{part}": value for part in ("train", "test") for key, value in (("x", x), ("y", ["a", "b"] * 2))},
        len_train=[6, 4, 3, 6],
        side_train=np.ones((4, 2)),
        side_test=np.zeros((4, 2)),
    )
    found = find(path)
    assert found
    assert [one.shape for one in found.parts["train"].values] == [(1, 6), (1, 4), (1, 3), (1, 6)]
    assert found.parts["test"].side is not None
    assert found.parts["train"].side.shape == (4, 2)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"y": [1, 2]}, "has no series; it holds y"),
        ({"x": np.zeros((2, 1, 1, 4)), "y": [1, 2]}, "x of "),
        ({"x": np.zeros((2, 4)), "y": [1, 2, 3]}, "has 2 x and 3 y"),
        ({"x": np.array([["a", "b"]]), "y": [1]}, "holds no numbers"),
        ({"x": X, "y": np.eye(4)}, "must be a class for each series, (series,). Received: (4, 4)"),
        ({"x": X, "y": 3}, "has 4 x and one y; give one for each"),
        ({"x": X, "y": Y, "side": list("abcd")}, "holds no numbers, but <U1"),
        ({"x": X, "y": Y, "side": np.zeros(4, complex)}, "holds no numbers, but complex128"),
        ({"x": X, "y": Y, "len": list("abcd")}, "must be whole numbers from 0 to 5"),
        ({"x": X, "y": Y, "len": [5, -1, 5, 5]}, "must be whole numbers from 0 to 5"),
        ({"x": X, "y": Y, "len": [5, NAN, 5, 5]}, "must be whole numbers from 0 to 5"),
        ({"x": X, "y": Y, "len": np.full((4, 2), 5)}, "must be a length for each series, (series,). Received: (4, 2)"),
        ({"x": np.full((4, 5), NAN), "y": [1, 2, 1, 2]}, "no series that can be read"),
        ({"x": np.zeros((4, 5))}, "has series without a class"),
        (
            {"x_train": np.zeros((4, 5)), "y_train": [1, 2, 1, 2], "x_test": np.zeros((1, 5)), "y_test": [7]},
            "class '7'",
        ),
    ],
)
def test_what_is_wrong_with_an_archive_is_said(tmp_path: Path, arrays: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as error:
        find(archive(tmp_path / "a.npz", **arrays))
    assert said in str(error.value)


def test_a_damaged_archive_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(b"PK\3\4 no archive")
    with pytest.raises(InputError, match=r"a\.npz' can't be read"):
        find(tmp_path / "a.npz")


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ([[NAN, NAN]], "it has no values"),
        ([[5.0]], "it has one value alone"),
        ([[1.0, float("inf")]], "it has a value that is not finite"),
        ([[1.0, 1e60]], "it has a value that is not finite"),
        ([[1.0, 2.0], [NAN, NAN]], "its channel 2 has no values"),
    ],
)
def test_a_series_that_is_none_says_why(written: list[list[float]], fault: str) -> None:
    assert cleaned(np.array(written)).fault == fault


def test_what_is_missing_lies_between_its_neighbours() -> None:
    clean = cleaned(np.array([[NAN, 1.0, NAN, NAN, 4.0, NAN]]))
    assert clean.values.tolist() == [[1, 1, 2, 3, 4]]
    assert clean.missing == 3


def test_the_mean_of_weighted_values_is_that_of_the_series() -> None:
    series = [np.random.default_rng(0).random((2, count)).astype(np.float32) for count in (3, 7, 10)]
    rows, counts = padded(series, 10), weights([3, 7, 10], 10)
    for row, count, one in zip(rows, counts, series, strict=True):
        np.testing.assert_allclose((row * count).mean(1), one.mean(1), rtol=1e-5)
    assert shortened(series[2], 4)[:, [0, -1]].tolist() == series[2][:, [0, -1]].tolist()


def test_what_is_handed_over_is_an_array_or_a_file(tmp_path: Path) -> None:
    assert given([1.0, 2.0, 3.0], "skip", 1, 1).values[0].tolist() == [[1, 2, 3]]
    assert len(given(np.zeros((5, 7)), "skip", 1, 1)) == 5
    assert len(given(np.zeros((5, 7)), "skip", 5, 1)) == 1
    path = tmp_path / "new.csv"
    path.write_text("1,2,3\n4,5,6\n")
    assert given(path, "skip", 1, 1, ("a", "b")).values[0].tolist() == [[1, 2, 3]]
    path.write_text("a,2,3\nb,5,6\n")
    assert given(path, "skip", 1, 1, ("a", "b")).values[0].tolist() == [[2, 3]]
    path.write_text("t0,t1,t2\n1,2,3\n4,5,6\n")
    assert [one.tolist() for one in given(path, "refuse", 1, 1, ("a", "b")).values] == [[[1, 2, 3]], [[4, 5, 6]]]
    with pytest.raises(InputError, match="no file"):
        given(tmp_path / "none.csv", "skip", 1, 1)
    with pytest.raises(InputError, match="is no file of series"):
        given(Path(__file__), "skip", 1, 1)
