"""What Python shows of the package: its face, short names of things, and tables in notebooks."""

from pathlib import Path

import striate as st
from striate import data


def test_the_face_is_all_that_is_listed() -> None:
    assert dir(st) == sorted(st.__all__)
    assert {"train", "resume", "explain", "bench", "Run", "inside"} <= set(dir(st))
    assert all(callable(getattr(st, name)) for name in dir(st) if name != "inside")


def test_the_room_of_looking_inside_shows_its_functions() -> None:
    assert {"filters", "saliency", "grad_cam", "Class", "Unit"} <= set(st.inside.__all__)
    assert all(hasattr(st.inside, name) for name in st.inside.__all__)


def test_things_have_short_names() -> None:
    digits = data.load("digits")
    assert repr(digits) == "Dataset('digits': 1,438 train, 359 test; 1x8x8; 10 classes)"
    assert repr(st.net("lenet5")) == "Network('lenet5': input 1x32x32, 11 layers)"
    assert repr(st.net("input 3x?x? -> gap -> fc 2")) == "Network('net': input 3x?x?, 2 layers)"


def test_notebooks_show_tables(tmp_path: Path) -> None:
    table = st.explain("lenet5")._repr_html_()
    assert table.count("<tr>") == 13  # the head, a row per layer, the totals
    assert "<td>61,706</td>" in table
    assert "<pre>" in st.step("conv 1@2x2", input="1 2; 3 4", weights="1 0; 0 1")._repr_html_()
    assert data.load("digits")._repr_html_().count("<tr>") == 11
    run = st.train("input 1x8x8 -> fc 10", "digits", epochs=1, out=tmp_path / "<run>", quiet=True)
    assert "&lt;run&gt;" in run._repr_html_()
    assert "<run>" not in run._repr_html_()
