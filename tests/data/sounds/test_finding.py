"""Sound files with their classes, in each form."""

from pathlib import Path

import pytest

from striate.data.sounds.finding import find
from striate.errors import InputError
from tests.sounding import tone, words, write


def counts(root: Path) -> dict[str, int]:
    found = find(root)
    assert found
    return {part: len(some) for part, some in found.parts.items()}


def test_a_folder_per_class(tmp_path: Path) -> None:
    words(tmp_path, 12, 4)
    assert counts(tmp_path) == {"train": 12, "test": 4}
    assert counts(tmp_path / "train") == {"train": 10, "test": 2}
    found = find(tmp_path)
    assert found
    assert found.classes == ("high", "low")


def test_names_as_the_spoken_digits_have_them(tmp_path: Path) -> None:
    for speaker in ("ann", "bob"):
        for number in range(8):
            for digit in (0, 1):
                write(tmp_path / "recordings" / f"{digit}_{speaker}_{number}.wav", tone("low", number))
    assert counts(tmp_path) == {"train": 12, "test": 20}
    found = find(tmp_path)
    assert found
    assert found.classes == ("0", "1")
    assert "the class is the first part of each name" in found.notes[1]


def test_low_numbers_are_no_test_where_nothing_else_is_left(tmp_path: Path) -> None:
    for number in range(6):
        for digit in (0, 1):
            write(tmp_path / f"{digit}_ann_{number}.wav", tone("low", number))
    assert counts(tmp_path) == {"train": 10, "test": 2}


def test_a_folder_with_a_table(tmp_path: Path) -> None:
    for number in range(4):
        write(tmp_path / f"{number}.wav", tone("low", number))
    lines = [f"{number}.wav,{'ab'[number % 2]},{'test' if number < 2 else 'train'}" for number in range(4)]
    (tmp_path / "words.csv").write_text("path,label,split\n" + "\n".join(lines))
    assert counts(tmp_path) == {"train": 2, "test": 2}
    (tmp_path / "words.csv").write_text("path,label\n0.wav,\n")
    with pytest.raises(InputError, match="line 2: its path or its label is empty"):
        find(tmp_path)


def test_lists_of_speech_commands(tmp_path: Path) -> None:
    words(tmp_path, 8, 0)
    root = tmp_path / "train"
    (root / "testing_list.txt").write_text("low/0.wav\nhigh/1.wav\n")
    (root / "validation_list.txt").write_text("low/2.wav\nhigh/3.wav\n")
    assert counts(root) == {"train": 4, "validation": 2, "test": 2}


def test_the_noises_of_speech_commands_are_no_class(tmp_path: Path) -> None:
    words(tmp_path, 8, 0)
    write(tmp_path / "train" / "_background_noise_" / "hum.wav", tone("low", 9))
    found = find(tmp_path / "train")
    assert found
    assert found.classes == ("high", "low")
    assert any("left out: 1 sound that is in no class's folder" in note for note in found.notes)


def test_a_table_of_files(tmp_path: Path) -> None:
    words(tmp_path, 6, 2)
    lines = [f"train/{('low', 'high')[n % 2]}/{n}.wav,{'ab'[n % 2]},{'test' if n < 2 else 'train'}" for n in range(6)]
    (tmp_path / "list.csv").write_text("path,label,split\n" + "\n".join(lines))
    found = find(tmp_path / "list.csv")
    assert found
    assert {part: len(some) for part, some in found.parts.items()} == {"train": 4, "test": 2}
    assert found.classes == ("a", "b")


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("file,label\na.wav,x\n", "its first line names the columns path, label"),
        ("path,label\nnone.wav,x\n", "line 2: there is no file"),
        ('path,label\na.wav,"x\na.wav,y\n', "list.csv' is no table: unexpected end of data"),
        ("path,label\na.wav\n", "line 2: it has another number of cells"),
        ("path,label,split\na.wav,x,some\n", "line 2: 'some' is no part"),
        ("path,label\na.wav,x\n", "has only one class, 'x'"),
        ("path,label,split\na.wav,x,train\na.wav,y,train\na.wav,z,test\n", "has a class 'z' in another part"),
    ],
)
def test_what_is_wrong_with_a_table_is_said(tmp_path: Path, table: str, said: str) -> None:
    write(tmp_path / "a.wav", tone("low", 0))
    (tmp_path / "list.csv").write_text(table)
    with pytest.raises(InputError) as error:
        find(tmp_path / "list.csv")
    assert said in str(error.value)


def test_sounds_in_no_class_are_told(tmp_path: Path) -> None:
    write(tmp_path / "a.wav", tone("low", 0))
    with pytest.raises(InputError, match="holds 1 sound in no class's folder"):
        find(tmp_path)
    assert find(tmp_path / "nothing") is None
