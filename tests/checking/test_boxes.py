"""What `striate data check` says of images with boxes."""

import shutil
from pathlib import Path

import pytest

from striate.checking import check
from striate.errors import InputError
from tests import boxed


@pytest.mark.parametrize("form", boxed.FORMS)
def test_nothing_is_wrong_with_a_clean_set(tmp_path: Path, form: str) -> None:
    root = boxed.FORMS[form](tmp_path / form, {"train": 6, "validation": 2, "test": 3})
    found = check(root)
    assert not found.findings
    assert found.parts == {"train": 6, "validation": 2, "test": 3}


def test_bad_boxes_missing_images_and_copies_are_named(tmp_path: Path) -> None:
    root = boxed.voc(tmp_path / "voc", {"train": 6, "test": 3})
    path = root / "Annotations" / "im000.xml"
    text = path.read_text()
    path.write_text(text.replace("<xmin>", "<xmin>9", 1))
    (root / "JPEGImages" / "im001.png").unlink()
    (root / "Annotations" / "im002.xml").unlink()
    shutil.copy(root / "JPEGImages" / "im003.png", root / "JPEGImages" / "im006.png")
    kinds = {finding.kind: finding.path for finding in check(root).findings}
    assert kinds["bad box"] == "Annotations/im000.xml"
    assert kinds["no boxes"] == "JPEGImages/im002.png"
    assert kinds["missing"] == "Annotations/im001.xml"
    assert "im00" in kinds["copies across parts"]


def test_labels_that_are_no_numbers_and_unknown_classes_are_named(tmp_path: Path) -> None:
    root = boxed.yolo(tmp_path / "yolo", {"train": 6, "test": 2})
    first, second, third = sorted((root / "labels" / "train").iterdir())[:3]
    first.write_text("dog 0.5 0.5 0.2 0.2\n")
    second.write_text("0 0.5 0.5\n")
    third.write_text("9 0.5 0.5 0.2 0.2\n")
    findings = {one.path: (one.kind, one.said) for one in check(root).findings}
    assert findings[first.relative_to(root).as_posix()] == (
        *("bad line", "line 1: 'dog 0.5 0.5 0.2 0.2' is not a class and four numbers"),
    )
    assert findings[second.relative_to(root).as_posix()][0] == "bad line"
    assert findings[third.relative_to(root).as_posix()] == ("unknown class", "class 9")


def test_a_folder_is_read_for_the_task_that_is_named(tmp_path: Path) -> None:
    root = boxed.voc(tmp_path / "voc", {"train": 6, "test": 3})
    assert check(root, task="detect") == check(root, task="localize") == check(root)
    assert check(root, task="restore").examples == 9
    with pytest.raises(InputError, match="holds nothing for the task segment"):
        check(root, task="segment")
    with pytest.raises(InputError, match="no task 'detekt'; did you mean 'detect'"):
        check(root, task="detekt")
    assert check("digits", task="classify") == check("digits")
