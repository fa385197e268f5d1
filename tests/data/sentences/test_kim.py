"""The seven sets of Kim (2014), read as they were packed."""

import tarfile
from pathlib import Path

import pytest

from striate.data.sentences import read

ARCHIVE = "sentences.tar.xz"
# name: sentences to learn from, to validate, to test; classes
SETS = {
    "rt-polarity.all": (10662, 0, 0, 2),
    "stsa.fine": (8544, 1101, 2210, 5),
    "stsa.binary": (6920, 872, 1821, 2),
    "subj.all": (10000, 0, 0, 2),
    "TREC": (5452, 0, 500, 6),
    "custrev.all": (3771, 0, 0, 2),  # of 3,775, four have no words
    "mpqa.all": (10603, 0, 0, 2),  # of 10,606, three
    "raw/rt-polarity": (10662, 0, 0, 2),
    "raw/subj": (10000, 0, 0, 2),
    "raw/TREC": (5452, 0, 500, 50),
    "raw/custrev.neg": (3771, 0, 0, 2),
    "raw/mpqa.pos": (10603, 0, 0, 2),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kim")


@pytest.mark.parametrize("name", SETS)
def test_the_sets_are_read_as_they_were_packed(real_data: Path, folder: Path, name: str) -> None:
    if not (real_data / ARCHIVE).exists():
        pytest.skip(f"{ARCHIVE} is not under $STRIATE_DATA")
    if not (folder / "sentences").exists():
        with tarfile.open(real_data / ARCHIVE) as archive:
            archive.extractall(folder, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    found = read(folder / "sentences/data" / name)
    assert found
    sizes = tuple(len(part or ()) for part in (found.train, found.validation, found.test))
    assert (*sizes, len(found.classes)) == SETS[name]
