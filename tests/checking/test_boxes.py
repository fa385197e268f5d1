"""What `striate data check` says of images with boxes."""

import shutil
from pathlib import Path

import pytest

from striate.checking import check
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
