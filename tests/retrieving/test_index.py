"""A folder is indexed and asked: the answers are what plain PyTorch finds, and what is wrong is said."""

import json
import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional as F

import striate as st
from striate.errors import InputError, WorkError
from striate.metrics.retrieval import average_precision, precision_at
from striate.retrieving import growth
from striate.retrieving.opening import opened
from striate.runs.run import Run
from tests import written

SQUEEZENET = Path(os.environ.get("STRIATE_DATA", "")) / "squeezenet" / "squeezenet-v1.0.npz"
Drawn = list[tuple[Path, str]]


@pytest.fixture
def folder(drawn: Drawn, tmp_path: Path) -> Path:
    """The digits in class folders."""
    for path, label in drawn:
        (tmp_path / "digits" / label).mkdir(parents=True, exist_ok=True)
        path.rename(tmp_path / "digits" / label / path.name)
    return tmp_path / "digits"


@pytest.fixture
def index(trained: Run, folder: Path, tmp_path: Path) -> st.Index:
    return st.index(trained, folder, out=tmp_path / "index", quiet=True)


def files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.png"))


def by_hand(run: Run, paths: list[Path]) -> torch.Tensor:
    """The cosines of all pairs: the mean of that of what the last layer reads and of that of the answers."""
    model, x = run.model(), run.read(*map(str, paths))
    with torch.no_grad():
        read, answers = model[:-1](x), model(x).softmax(1)
    return sum(F.normalize(part, dim=1) @ F.normalize(part, dim=1).T for part in (read, answers)) / 2


def test_answers_are_those_of_plain_pytorch(index: st.Index, trained: Run, folder: Path) -> None:
    paths = files(folder)
    cosines = by_hand(trained, paths)
    for row in (0, 7):
        answers = index.find(paths[row], 5)
        order = cosines[row].argsort(descending=True)[:5].tolist()
        assert [one.path for one in answers.found] == [str(paths[place]) for place in order]
        assert [one.similarity for one in answers.found] == pytest.approx(cosines[row][order].tolist(), abs=1e-5)
        assert answers[0].similarity == pytest.approx(1)


def test_an_image_in_memory_finds_itself(index: st.Index, folder: Path) -> None:
    path = files(folder)[3]
    for given in (Image.open(path), np.asarray(Image.open(path))):
        assert index.find(given, 1)[0].path == str(path)


def test_it_grows_by_what_is_new_or_changed(index: st.Index, trained: Run, folder: Path, tmp_path: Path) -> None:
    grown = index.grown
    assert grown
    assert (grown.added, grown.changed, grown.images) == (30, 0, 30)
    (other := tmp_path / "other").mkdir()
    shutil.copy(files(folder)[0], other / "copy.png")
    (changed, source) = files(folder)[1:3]
    Image.open(source).rotate(90).save(changed)
    os.utime(changed, ns=(1, 1))
    again = st.index(trained, folder, other, out=index.root, quiet=True).grown
    assert again
    assert (again.added, again.changed, again.images) == (1, 1, 31)
    assert st.Index(index.root).find(changed, 1)[0].path == str(changed)
    once_more = st.index(trained, folder, out=index.root, quiet=True).grown
    assert once_more
    assert (once_more.added, once_more.changed, once_more.images) == (0, 0, 31)


def test_killed_between_two_writes_it_goes_on(
    trained: Run, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def put(self: growth.Writer, *args: object) -> None:
        if len(self):
            raise Killed
        real(self, *args)  # type: ignore[arg-type]

    real = growth.Writer.put
    with monkeypatch.context() as patch:
        patch.setattr(growth, "EVERY", 0.0)
        patch.setattr("striate.retrieving.seeing.BATCH", 8)
        patch.setattr(growth.Writer, "put", put)
        with pytest.raises(Killed):
            st.index(trained, folder, out=tmp_path / "index", quiet=True)
    assert len(st.Index(tmp_path / "index")) == 8
    grown = st.index(trained, folder, out=tmp_path / "index", quiet=True).grown
    assert grown
    assert (grown.added, grown.images) == (22, 30)


def test_what_has_vanished_is_named_and_no_answer(index: st.Index, trained: Run, folder: Path) -> None:
    gone, asked = files(folder)[:2]
    image = Image.open(gone).copy()
    gone.unlink()
    answers = index.find(image, 29)
    assert len(answers) == 29
    assert str(gone) not in {one.path for one in answers.found}
    assert answers.notes == (f"vanished, and left out: 1 image: {gone}",)
    again = st.index(trained, folder, out=index.root, quiet=True)
    assert again.grown
    assert (again.grown.vanished, len(again)) == ((str(gone),), 30)
    assert any("vanished" in note and gone.name in note for note in again.notes)
    forgotten = st.index(trained, folder, out=index.root, forget=True, quiet=True)
    assert len(forgotten) == 29
    assert forgotten.find(asked, 40).notes == ()
    assert not any(gone.name in path.read_text() for path in index.root.glob("0*.json"))


def test_what_was_changed_since_is_said(index: st.Index, folder: Path) -> None:
    os.utime(files(folder)[0], ns=(1, 1))
    (note,) = index.find(files(folder)[0], 1).notes
    assert note.startswith("changed since they were indexed: 1 image: ")


def test_files_that_cannot_be_read_are_named_or_refused(trained: Run, folder: Path, tmp_path: Path) -> None:
    (folder / "0" / "bad.png").write_text("no image")
    index = st.index(trained, folder, out=tmp_path / "index", quiet=True)
    assert len(index) == 30
    assert any("bad.png (not an image)" in note for note in index.notes)
    with pytest.raises(InputError, match=r"bad.png"):
        st.index(trained, folder, out=tmp_path / "other", bad="refuse", quiet=True)


@pytest.mark.parametrize("names_too", [False, True])
def test_damage_is_named_and_mended(
    index: st.Index, trained: Run, folder: Path, tmp_path: Path, names_too: bool
) -> None:
    (vectors,) = index.root.glob("*.npy")
    content = bytearray(vectors.read_bytes())
    content[-3] ^= 1
    vectors.write_bytes(content)
    if names_too:
        vectors.with_suffix(".json").write_text("[")
    (empty := tmp_path / "one").mkdir()
    shutil.copy(files(folder)[0], empty)
    again = st.index(trained, empty, out=index.root, quiet=True)
    assert len(again) == 31, "the others are read again from where they were"
    assert any(vectors.stem in note and "damaged" in note for note in again.notes)
    assert again.find(files(folder)[5], 1)[0].path == str(files(folder)[5])


def test_a_layer_is_named_by_its_name_or_its_label(colours: Path, tmp_path: Path) -> None:
    net = "input 3x12x16 -> conv 4@3 -> relu -> middle: conv 6@3 -> relu -> gap -> fc 3"
    run = st.train(net, colours, epochs=1, out=tmp_path / "run", quiet=True)
    maps = st.index(run, colours, layer="middle", out=tmp_path / "middle", quiet=True)
    assert (maps.book.about.layer, maps.book.about.length) == ("conv2", 6)
    assert any("each the mean of a map 8x12" in note for note in maps.notes)
    path = next(colours.rglob("*.png"))
    with torch.no_grad():
        wanted = F.normalize(run.model()[:3](run.read(str(path))).mean((2, 3)), dim=1)
    rows, _ = maps.exact.nearest(wanted[0].numpy(), 1)
    assert maps.book.image(int(rows[0])).path == str(path)
    assert st.index(run, colours, layer="conv1, answer", out=tmp_path / "two", quiet=True).book.about.length == 4 + 3
    for layer, said in (("convx", "no layer 'convx'"), ("conv1,conv1", "each layer is given once")):
        with pytest.raises(InputError, match=said):
            st.index(run, colours, layer=layer, out=tmp_path / "no", quiet=True)
    with pytest.raises(InputError, match="holds features of layer conv2"):
        st.index(run, colours, out=tmp_path / "middle", quiet=True)


def test_views_are_averaged(trained: Run, folder: Path, tmp_path: Path) -> None:
    once, twice = (opened(trained, layer="answer", tta=tta) for tta in (False, True))
    x = torch.stack([torch.from_numpy(once.read(path)) for path in files(folder)[:4]])
    each = [once.of(torch.roll(x, 0, 3) if view is None else view.there(x)) for view in twice.views]
    mean = np.mean(each, axis=0)
    np.testing.assert_allclose(twice.of(x), mean / np.linalg.norm(mean, axis=1, keepdims=True), atol=1e-5)
    index = st.index(trained, folder, out=tmp_path / "index", tta=True, quiet=True)
    assert st.Index(index.root).find(files(folder)[0], 1)[0].similarity == pytest.approx(1)


def test_a_moved_run_is_said_and_can_be_named(colours: Path, tmp_path: Path) -> None:
    run = st.train("input 3x12x16 -> fc 3", colours, epochs=1, out=tmp_path / "run", quiet=True)
    image = next(colours.rglob("*.png"))
    st.index(run, colours, layer="answer", out=tmp_path / "index", quiet=True)
    (tmp_path / "run").rename(tmp_path / "moved")
    with pytest.raises(InputError, match="which is not there; say where it is now with `run`"):
        st.Index(tmp_path / "index").find(image)
    assert st.Index(tmp_path / "index", tmp_path / "moved").find(image, 1)[0].similarity == pytest.approx(1)
    other = st.train("input 3x12x16 -> fc 3", colours, epochs=1, seed=1, out=tmp_path / "other", quiet=True)
    with pytest.raises(InputError, match="made with other weights"):
        st.Index(tmp_path / "index", other.path).find(image)


def test_figures_are_those_of_the_definition(index: st.Index, trained: Run, folder: Path) -> None:
    paths = files(folder)
    judged = index.test(folder, quiet=True)
    labels = np.array([path.parent.name for path in paths])
    cosines, figures = by_hand(trained, paths).numpy(), []
    for row in range(len(paths)):
        order = [place for place in np.argsort(-cosines[row]) if place != row]
        hits = (labels[order] == labels[row])[None]
        figures.append((average_precision(hits)[0], precision_at(hits, 10)[0], hits.mean()))
    mean = np.nanmean(figures, axis=0)
    found = (judged.mean_average_precision, judged.precision_at_10, judged.floor)
    assert found == pytest.approx(mean.tolist(), abs=1e-6)
    assert (judged.queries, judged.images, judged.classes) == (30, 30, 10)
    assert judged.mean_average_precision > 2 * judged.floor


def test_queries_of_no_class_of_the_index_are_said(index: st.Index, folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder / "3", tmp_path / "new" / "tree")
    with pytest.raises(InputError, match=r"no image under .* is in a folder of a class of the index"):
        index.test(tmp_path / "new", quiet=True)
    shutil.copytree(folder / "4", tmp_path / "new" / "4")
    judged = index.test(tmp_path / "new", quiet=True)
    assert judged.classes == 1
    assert f"{len(files(folder / '3'))} images are of no class of the index" in judged.notes


def test_codes_are_kept_until_the_index_grows(index: st.Index, trained: Run, folder: Path, tmp_path: Path) -> None:
    path = files(folder)[0]
    first = index.find(path, 3, bits=16)
    assert first[0].similarity == 1
    kept = index.root / "codes-16.safetensors"
    before = kept.stat().st_mtime_ns
    assert st.Index(index.root).find(path, 3, bits=16).to_json() == first.to_json()
    assert kept.stat().st_mtime_ns == before
    kept.write_bytes(b"damaged")
    assert st.Index(index.root).find(path, 3, bits=16).to_json() == first.to_json()
    (other := tmp_path / "other").mkdir()
    shutil.copy(path, other / "copy.png")
    grown = st.index(trained, other, out=index.root, quiet=True)
    assert not kept.exists()
    assert {one.path for one in grown.find(path, 2, bits=16).found} == {str(path), str(other / "copy.png")}
    with pytest.raises(InputError, match="learned from at least as many images; there are 31"):
        grown.find(path, bits=64)


def test_near_duplicates_are_the_pairs_that_brute_force_finds(
    index: st.Index, trained: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("striate.retrieving.alike.BLOCK", 7)
    paths = files(folder)
    cosines = by_hand(trained, paths).triu(1)
    above = float(cosines[cosines > 0].quantile(0.9))
    wanted = {
        (str(paths[first]), str(paths[second]))
        for first, second in (cosines >= above).nonzero().tolist()
        if abs(float(cosines[first, second]) - above) > 1e-5
    }
    pairs = index.duplicates(above, quiet=True)
    assert wanted <= {(one.path, one.other) for one in pairs.found}
    assert len(pairs) <= len(wanted) + 1
    similarities = [one.similarity for one in pairs.found]
    assert similarities == sorted(similarities, reverse=True)
    assert not pairs.notes
    assert "whole classes nearly the same" in index.duplicates(-1, quiet=True).notes[0]
    paths[0].unlink()
    left = index.duplicates(above, quiet=True)
    assert not any(str(paths[0]) in (one.path, one.other) for one in left.found)


def test_the_sheet_is_a_picture(index: st.Index, folder: Path, tmp_path: Path) -> None:
    index.find(files(folder)[0], 4).save(tmp_path / "sheet.png")
    index.find(np.asarray(Image.open(files(folder)[0])), 4).save(tmp_path / "array.png")
    pairs = index.duplicates(0.5, quiet=True)
    replace(pairs, found=pairs.found[:3]).save(tmp_path / "pairs.png")
    for name in ("sheet", "array", "pairs"):
        with Image.open(tmp_path / f"{name}.png") as image:
            assert min(image.size) > 200


def test_faiss_finds_the_same_or_is_said_to_be_missing(
    index: st.Index, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = files(folder)[0]
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "faiss", None)
        with pytest.raises(WorkError, match=r"FAISS is not installed; `pip install \"striate\[approximate\]\"`"):
            index.find(path, approximate=True)
    pytest.importorskip("faiss")
    exact, approximate = index.find(path, 5), index.find(path, 5, approximate=True)
    assert [one.path for one in approximate.found] == [one.path for one in exact.found]


def test_by_default_an_index_is_named_after_its_folder(
    trained: Run, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(folder / "1", tmp_path / "others" / "digits" / "1")
    first = st.index(trained, "digits", quiet=True)
    assert first.root == Path("indexes/digits")
    assert st.index(trained, folder, quiet=True).root == first.root
    assert st.index(trained, "others/digits", quiet=True).root == Path("indexes/digits-2")
    assert st.index(trained, folder, layer="conv1", quiet=True).root == Path("indexes/digits-3")
    (vectors,) = first.root.glob("*.npy")
    vectors.unlink()
    mended = st.index(trained, folder, quiet=True)
    assert (mended.root, len(mended)) == (first.root, 30)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"count": 0}, "count must be from 1"),
        ({"bits": 7}, "a multiple of 8"),
        ({"bits": 8, "approximate": True}, "not both"),
    ],
)
def test_odd_questions_are_refused(index: st.Index, folder: Path, how: dict[str, int], said: str) -> None:
    with pytest.raises(InputError, match=said):
        index.find(files(folder)[0], **how)
    with pytest.raises(InputError, match="above must be from -1 to 1"):
        index.duplicates(2)
    with pytest.raises(InputError, match="no file or folder"):
        index.find(folder / "missing.png")
    with pytest.raises(InputError, match=r"one image\. Received: 30"):
        index.find(folder)


def test_a_network_without_weights_or_images_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'lenet5' is a network without weights"):
        st.index("lenet5", folder, out=tmp_path / "index")
    with pytest.raises(InputError, match="name a folder"):
        st.index("lenet5")
    words = tmp_path / "words.tsv"
    words.write_text("".join(f"{label}\ta {word} film\n" for label, word in (("good", "fine"), ("bad", "dull")) * 6))
    run = st.train("kim-cnn", words, epochs=1, out=tmp_path / "run", quiet=True)
    with pytest.raises(InputError, match="an index is of image files, and this network reads sentences"):
        st.index(run, folder, out=tmp_path / "index")
    assert not (tmp_path / "index").exists()


@pytest.mark.skipif(not SQUEEZENET.is_file(), reason=f"no {SQUEEZENET} under $STRIATE_DATA")
def test_squeezenet_sees_images_as_its_weights_expect(tmp_path: Path) -> None:
    photos = written.colours(tmp_path / "photos", ("red", "green"), 3, size=(227, 227))
    index = st.index("squeezenet", photos, weights=SQUEEZENET, out=tmp_path / "index", quiet=True)
    assert (index.book.about.length, "Caffe's, of bytes" in " ".join(index.notes)) == (512, True)
    path = sorted(photos.rglob("*.png"))[0]
    model = st.build(st.net("squeezenet")).eval()
    st.load_weights(model, SQUEEZENET)
    pixels = torch.from_numpy(np.array(Image.open(path), np.float32)).permute(2, 0, 1).flip(0)  # blue, green, red
    seen: list[torch.Tensor] = []
    model.get_submodule("fire8").register_forward_hook(lambda _m, _x, y: seen.append(y.mean((2, 3))))
    with torch.inference_mode():
        model(pixels[None] - torch.tensor([104.0, 117.0, 123.0]).view(3, 1, 1))
    wanted = F.normalize(seen[0], dim=1)[0].numpy()
    answers = st.Index(index.root).find(path, 6)
    assert answers[0].path == str(path)
    np.testing.assert_allclose(index.exact.nearest(wanted, 1)[1], 1, atol=1e-5)
    assert {Path(one.path).parent.name for one in answers.found[:3]} == {"red" if "red" in str(path) else "green"}
    with pytest.raises(InputError, match="a run has its own weights"):
        st.index("squeezenet", photos, weights=tmp_path, out=tmp_path / "no")


def test_what_the_index_says_of_itself_is_plain(index: st.Index, trained: Run, folder: Path) -> None:
    facts = json.loads((index.root / "index.json").read_text())
    assert (facts["layer"], facts["length"], facts["tta"]) == ("fc1_flatten,answer", 12 * 6 * 6 + 10, False)
    assert (facts["network"], facts["folders"]) == ({"run": str(trained.path)}, [str(folder)])
    assert [chunk["count"] for chunk in facts["chunks"]] == [30]
    assert repr(index) == f"Index({str(index.root)!r}: 30 images, 442 features each)"
