"""The sizes of images that stay in their files are read from their first bytes, as they are in memory."""

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import striate as st
from striate.data import lazy
from striate.tasks import segment
from striate.tasks.pieces import overlap, sizes_of
from striate.tasks.segment import Segment
from striate.tasks.task import Wish
from tests import written


def test_no_pixel_is_decoded_for_a_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = written.cells(tmp_path / "data", 6, 2)
    for kind in ("images", "masks"):  # one that lies on its side
        path, turned = root / "train" / kind / "5.png", Image.Exif()
        turned[0x0112] = 6
        Image.open(path).save(path, exif=turned)
    found: Any = Segment.open(root, Wish())
    inside = sizes_of(found[1].train)
    monkeypatch.setattr(lazy, "MEMORY", 0)
    monkeypatch.setattr(segment, "decode", lambda path, channels: pytest.fail("decoded"))
    found = Segment.open(root, Wish())
    assert not found[1].train.columns["image"].held
    assert sizes_of(found[1].train) == inside
    assert (20, 19) in inside


@pytest.mark.parametrize(
    ("net", "margin"),
    [
        ("input 1x16x16 -> conv 2@3 pad same -> conv 2@3 pad same", 2),
        ("input 1x16x16 -> conv 2@1x3 pad same -> conv 2@1x3 pad same", 2),
        ("input 1x16x16x16 -> conv 2@1x3x3 pad same -> conv 2@1x3x3 pad same", 2),
    ],
)
def test_pieces_overlap_by_the_largest_side_of_the_receptive_field(net: str, margin: int) -> None:
    network = st.bind(st.parse(net))
    assert overlap(network, tuple(side or 0 for side in network.input[1:]), 0, 0.25)[0] == margin


@pytest.mark.parametrize(
    ("net", "stride"),
    [
        ("input 1x2x32x32 -> maxpool 1x4x4 -> conv 2@1x3x3 pad same -> upsample 1x4x4", (1, 4, 4)),
        ("input 1x16x16 -> maxpool 4 -> conv 2@3 pad same -> upsample 4", 4),
    ],
)
def test_pieces_begin_at_the_stride_of_each_axis(net: str, stride: int | tuple[int, ...]) -> None:
    network = st.bind(st.parse(net))
    assert overlap(network, tuple(side or 0 for side in network.input[1:]), 0, 0.25)[1] == stride
