"""Images in tar archives are those that the same files give, and what is wrong with an archive is told."""

import io
import json
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import torch

import striate as st
from striate.checking import check
from striate.data import load
from striate.data.lazy import Lazy
from striate.errors import InputError

Draw = Callable[..., Path]
COUNT, SHARDS = 24, 3


def pack(path: Path, members: Mapping[str, bytes]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return path


@pytest.fixture
def packed(tmp_path: Path, draw: Draw) -> Path:
    """Three archives of eight images, whose class is told in a way of its own in each."""
    for shard in range(SHARDS):
        members: dict[str, bytes] = {}
        for number in range(shard, COUNT, SHARDS):
            members[f"{number:03}.png"] = draw(tmp_path / f"files/{number % 2}/{number:03}.png", number).read_bytes()
            label = str(number % 2)
            ends = {"cls": label, "json": json.dumps({"label": number % 2}), "txt": f"{label}\n"}
            end, text = [*ends.items()][shard]
            members[f"{number:03}.{end}"] = text.encode()
        pack(tmp_path / f"shards/{shard:03}.tar", members)
    return tmp_path / "shards"


def test_a_folder_and_braces_name_the_same_images(packed: Path) -> None:
    folder, braces = load(packed), load(str(packed / "{000..002}.tar"))
    assert folder.classes == ("0", "1")
    assert folder.sha256() == braces.sha256()
    assert "its index is read from the cache" in " ".join(braces.notes)
    assert folder.test is not None
    assert len(folder.train) + len(folder.test) == COUNT
    files = load(packed.parent / "files", hold_out=False)
    pixels = {
        Path(path).name: (image, label)
        for path, image, label in zip(files.train.paths, files.train.images, files.train.labels, strict=True)
    }
    for part in folder.parts.values():
        assert isinstance(part.images, Lazy)
        for row, path in enumerate(part.paths):
            image, label = pixels[Path(path).name]
            assert torch.equal(part.images.read([row])[0], image)
            assert part.labels[row] == label


def test_copies_in_archives_are_named(packed: Path) -> None:
    image = (packed.parent / "files/0/000.png").read_bytes()
    pack(packed / "003.tar", {"again.png": image, "again.cls": b"0"})
    (found,) = check(packed).of("copies")
    assert {Path(name).name for name in (found.path, *found.also)} == {"000.png", "again.png"}


def test_parts_by_the_names_of_archives_and_folders(packed: Path) -> None:
    (packed / "000.tar").rename(packed / "val-000.tar")
    (packed / "test").mkdir()
    (packed / "001.tar").rename(packed / "test/001.tar")
    assert {part: len(split) for part, split in load(packed).parts.items()} == {"train": 8, "validation": 8, "test": 8}


def test_training_is_the_same_with_any_number_of_processes(packed: Path, tmp_path: Path) -> None:
    def weights(workers: int, out: str) -> dict[str, torch.Tensor]:
        net, place = "input 3x10x12 -> gap -> fc 2", tmp_path / out
        return st.train(net, packed, epochs=2, workers=workers, out=place, quiet=True).model().state_dict()

    one, other = weights(0, "a"), weights(2, "b")
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_what_is_wrong_is_said(packed: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"1 of 4 archives are missing: .*003.tar'"):
        load(str(packed / "{000..003}.tar"))
    whole = (packed / "000.tar").read_bytes()
    (packed / "000.tar").write_bytes(whole[:700])
    with pytest.raises(InputError, match=r"cannot read the archive .*000.tar' \(.*; give a whole .tar, not compressed"):
        load(packed)
    alone = pack(tmp_path / "none/a.tar", {"a.png": b"", "b.png": b""})
    with pytest.raises(InputError, match=r"no image with a class; '.*a.tar/a.png' has no .cls"):
        load(alone)
    with pytest.raises(InputError, match="has only one class, '3'"):
        load(pack(tmp_path / "one/a.tar", {"a.png": b"", "a.cls": b"3"}))


def test_a_mask_beside_an_image_is_no_image(tmp_path: Path, draw: Draw) -> None:
    members: dict[str, bytes] = {}
    for number in range(8):
        image, mask = (draw(tmp_path / f"{kind}/{number}.png", 10 * number + kind).read_bytes() for kind in (1, 2))
        members |= {f"{number}.cls": str(number % 2).encode(), f"{number}.png": image, f"{number}.seg.png": mask}
    plain = {name: content for name, content in members.items() if "seg" not in name}
    both = [load(pack(tmp_path / f"set/{name}.tar", some)) for name, some in (("both", members), ("plain", plain))]
    for one, other in zip(*(part.train.images.sample() for part in both), strict=True):  # type: ignore[union-attr]
        assert torch.equal(one, other)


def test_an_archive_that_is_damaged_in_its_middle_is_no_shorter_one(packed: Path) -> None:
    shard = packed / "001.tar"
    content = bytearray(shard.read_bytes())
    with tarfile.open(shard) as archive:
        offset = archive.getmembers()[6].offset
    content[offset + 150] ^= 0x55  # in the header's checksum
    shard.write_bytes(content)
    with pytest.raises(InputError, match=f"001.tar': it is damaged at byte {offset:,}"):
        load(packed)
    (finding,) = check(str(packed)).findings
    assert "damaged" in finding.said


def test_images_without_a_class_are_found(tmp_path: Path, draw: Draw) -> None:
    members: dict[str, bytes] = {}
    for number in range(12):
        members[f"{number:02}.png"] = draw(tmp_path / f"files/{number}.png", number).read_bytes()
        if number != 5:
            members[f"{number:02}.cls"] = str(number % 2).encode()
    found = check(str(pack(tmp_path / "set/some.tar", members)))
    assert any("05.png" in one.path for one in found.findings)
    assert not [one for one in check(load(tmp_path / "set/some.tar", hold_out=False)).findings if "copies" in one.kind]


def test_braces_that_count_down_are_refused(packed: Path) -> None:
    with pytest.raises(InputError, match="counts down"):
        load(str(packed / "{002..000}.tar"))
