"""An index is whole whenever its process is killed, forgets nothing, and names what is damaged."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from striate.errors import InputError, WorkError
from striate.retrieving import writer as writing
from striate.retrieving.about import About, Image
from striate.retrieving.book import Book
from striate.retrieving.writer import Writer

ABOUT = About({"run": "/runs/a"}, "ab12", "fc1", 3)


def image(number: int, changed: int = 0) -> Image:
    return Image(f"/photos/{number}.png", 10 + number, changed)


def vectors(*numbers: int) -> np.ndarray:
    return np.array([[number, 0, 1] for number in numbers], np.float32)


def held(root: Path) -> dict[str, float]:
    """What a reader finds: for each file the first of its features."""
    book = Book.open(root)
    rows, dead = np.concatenate([*book.vectors(), np.zeros((0, 3))]), set(book.dead())
    found = [(book.image(row).path, float(rows[row, 0])) for row in range(len(rows)) if row not in dead]
    assert len({path for path, _ in found}) == len(found) == len(book)
    return dict(found)


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "ROWS", 4)


def steps(root: Path) -> None:
    """All that can happen to an index: it begins, grows, an image changes, another is forgotten."""
    writer = Writer.begin(root, ABOUT)
    with writer.held():
        for number in (1, 2, 3, 4, 5, 6):
            if image(number).path not in writer.known:
                writer.put([image(number)], vectors(number))
        if writer.known[image(2).path].changed == 0:
            writer.put([image(2, changed=1)], vectors(20))
        if image(3).path in writer.known:
            writer.drop([image(3).path])


DONE = {image(number).path: float({2: 20}.get(number, number)) for number in (1, 2, 4, 5, 6)}


@pytest.mark.usefixtures("small_chunks")
def test_it_grows_in_chunks_and_a_changed_image_takes_the_place_of_itself(tmp_path: Path) -> None:
    steps(tmp_path)
    assert held(tmp_path) == DONE
    book = Book.open(tmp_path)
    assert sum(one.count for one in book.chunks) <= 7
    files = {path.name for path in tmp_path.iterdir()} - {".lock", "SHA256SUMS", "index.json"}
    assert files == {file for one in book.chunks for file in one.files}, "nothing else is left"
    checked = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=tmp_path, capture_output=True, check=False)
    assert checked.returncode == 0


class Killed(BaseException):
    """Ends everything at once, as SIGKILL does: nothing that catches errors sees it."""


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("call", ["replace", "fsync", "unlink"])
def test_killed_at_any_moment_it_is_whole_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    count, moment, kept = 10**9, 0, 0
    owner: Any = Path if call == "unlink" else os
    monkeypatch.setattr(os, "fsync", lambda handle: None)  # the disk itself is not under test, and slow
    real: Callable[..., Any] = getattr(owner, call)

    def one_more(*args: Any, **kwargs: Any) -> Any:
        nonlocal count
        count -= 1
        if count < 0:
            raise Killed
        return real(*args, **kwargs)

    monkeypatch.setattr(owner, call, one_more)
    while True:
        count, root, over = moment, tmp_path / f"{call}{moment}", False
        try:
            steps(root)
            over = True
        except Killed:
            pass
        count = 10**9
        if (root / "SHA256SUMS").is_file():
            before = held(root)
            assert set(before.items()) <= {*DONE.items(), (image(2).path, 2.0), (image(3).path, 3.0)}
            assert len(before) >= kept, "what was there is not lost"
            kept = min(len(before), len(DONE))
        steps(root)
        assert held(root) == DONE
        if over:
            break
        moment += 4 if call == "fsync" else 1
    assert moment > 5


def test_a_damaged_chunk_is_named_and_its_images_are_to_be_indexed_again(tmp_path: Path) -> None:
    steps(tmp_path)
    (name,) = [one.name for one in Book.open(tmp_path).chunks]
    content = (tmp_path / f"{name}.npy").read_bytes()
    (tmp_path / f"{name}.npy").write_bytes(content[:-4])
    with pytest.raises(WorkError, match=f"{name}.npy is damaged"):
        Book.open(tmp_path).vectors()
    writer = Writer.begin(tmp_path, ABOUT)
    with writer.held():
        assert list(writer.wrong) == [name]
        assert set(writer.lost()) == set(DONE)
        writer.put([image(1)], vectors(1))
        assert set(writer.lost()) == set(DONE) - {image(1).path}
        writer.mended()
    assert held(tmp_path) == {image(1).path: 1.0}


def test_a_damaged_list_of_names_is_no_traceback(tmp_path: Path) -> None:
    steps(tmp_path)
    (name,) = [one.name for one in Book.open(tmp_path).chunks]
    (tmp_path / f"{name}.json").write_text("[]")
    writer = Writer.begin(tmp_path, ABOUT)
    with writer.held():
        assert (list(writer.wrong), writer.lost()) == ([name], [])


@pytest.mark.parametrize("content", ["", "{}", '{"format": 99}', "[1, 2"])
def test_an_odd_list_of_chunks_is_refused(tmp_path: Path, content: str) -> None:
    Writer.begin(tmp_path, ABOUT)
    (tmp_path / "index.json").write_text(content)
    with pytest.raises(WorkError, match=r"index.json can't be used"):
        Book.open(tmp_path)


def test_a_later_format_is_refused(tmp_path: Path) -> None:
    writer = Writer.begin(tmp_path, ABOUT)
    facts = json.loads(writer.content()) | {"format": 2}
    writer.store.write({"index.json": json.dumps(facts).encode()})
    with pytest.raises(WorkError, match="format 2"):
        Book.open(tmp_path)


def test_another_network_or_layer_is_refused(tmp_path: Path) -> None:
    Writer.begin(tmp_path, ABOUT)
    for other, said in (
        (About({}, "cd34", "fc1", 3), "made with other weights.*/runs/a"),
        (About({}, "ab12", "fc2", 3), "layer fc1"),
    ):
        with pytest.raises(InputError, match=said):
            Writer.begin(tmp_path, other)
    with pytest.raises(InputError, match="without `tta`"):
        Writer.begin(tmp_path, About({}, "ab12", "fc1", 3, tta=True))


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("mine")
    with pytest.raises(InputError, match="exists already and is no index"):
        Writer.begin(tmp_path, ABOUT)
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    (tmp_path / "a.txt").rename(tmp_path / "index.json")
    with pytest.raises(WorkError, match=r"index.json can't be used"):
        Writer.begin(tmp_path, ABOUT)
    assert (tmp_path / "index.json").read_text() == "mine"


def test_one_process_at_a_time_writes(tmp_path: Path) -> None:
    first, second = Writer.begin(tmp_path, ABOUT), Writer.begin(tmp_path, ABOUT)
    with first.held(), pytest.raises(WorkError, match="another process writes"), second.held():
        pass
    with second.held():
        second.put([image(1)], vectors(1))
    assert held(tmp_path) == {image(1).path: 1.0}
