"""Networks that restore pictures: what they are given, how they are judged, what they answer."""

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import png
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngImageFile
from torch.nn import functional as F

import striate as st
from striate.augmentation.cut import Cut
from striate.data import lazy
from striate.data.restoring.dark_channel import clear
from striate.data.restoring.degrading import degradation
from striate.metrics.pictures import psnr, ssim
from striate.runs.feeding import feed_of
from striate.tasks.restore import Restore
from striate.tasks.task import Wish

LARGER = "input 1x?x? -> conv 8@3 pad 1 -> prelu -> upconv 1@6 stride 2 pad 2"
COLOUR = "input 3x?x? -> conv 12@3 pad 1 -> shuffle 2"
RESIDUAL = "input 1x?x? -> residual[ conv 8@3 pad 1 -> relu -> conv 1@3 pad 1 ]"


def photo(chance: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """Soft colours with a sharp edge."""
    small = Image.fromarray(chance.integers(30, 226, (5, 6, 3), np.uint8))
    pixels = np.asarray(small.resize(size[::-1], Image.Resampling.BICUBIC)).copy()
    pixels[: size[0] // 3, : size[1] // 2] = chance.integers(0, 256, 3)
    return Image.fromarray(pixels)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seven pictures of several sizes, none of which is a multiple of 2."""
    root, chance = tmp_path_factory.mktemp("pictures"), np.random.default_rng(0)
    for part, count in (("train", 5), ("test", 2)):
        (root / part).mkdir()
        for number in range(count):
            photo(chance, (61 + 4 * number, 53)).save(root / part / f"{number}.png")
    return root


def trained(net: str, folder: Path, out: Path, degrade: str, engine: str = "torch", **how: Any) -> st.Run:
    options: dict[str, Any] = {"epochs": 1, "batch": 8, "engine": engine, "quiet": True, "device": "cpu"} | how
    return st.train(net, folder, degrade=degrade, out=out, **options)


@pytest.fixture(scope="module")
def run(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> st.Run:
    return trained(LARGER, folder, tmp_path_factory.mktemp("larger") / "run", "bicubic:2")


def studio(image: Image.Image) -> NDArray[np.float64]:
    """BT.601's luminance as MATLAB's rgb2ycbcr has it, 16 to 235 of 255."""
    red, green, blue = np.moveaxis(np.asarray(image.convert("RGB"), np.float64), -1, 0)
    return (16 + (65.481 * red + 128.553 * green + 24.966 * blue) / 255)[None] / 255


def test_figures_are_those_of_a_program_of_one_s_own(run: st.Run, folder: Path) -> None:
    """Pillow makes the pictures smaller, the model sees a whole picture at once, and NumPy compares."""
    model, wanted, floor = run.model().eval(), [], []
    for file in sorted((folder / "test").iterdir()):
        with Image.open(file) as image:
            width, height = image.width // 2 * 2, image.height // 2 * 2
            good = image.crop((0, 0, width, height))
        small = good.resize((width // 2, height // 2), Image.Resampling.BICUBIC)
        large = small.resize((width, height), Image.Resampling.BICUBIC)
        with torch.no_grad():
            made = model(torch.from_numpy(studio(small)).float()[None])[0].numpy()
        made, inner = np.rint(255 * made.clip(0, 1)) / 255, np.s_[:, 2:-2, 2:-2]
        wanted.append((psnr(studio(good)[inner], made[inner]), ssim(studio(good)[inner], made[inner])))
        floor.append(psnr(studio(good)[inner], studio(large)[inner]))
    result = run.test()
    assert [one["psnr"] for one in result["each"]] == pytest.approx([one[0] for one in wanted], abs=0.02)
    assert [one["ssim"] for one in result["each"]] == pytest.approx([one[1] for one in wanted], abs=1e-3)
    assert result["psnr"] == pytest.approx(np.mean([one[0] for one in wanted]), abs=0.02)
    assert result["psnr_baseline"] == pytest.approx(np.mean(floor), abs=0.03)  # rounded to bytes once more


@pytest.mark.parametrize("engine", ["torch", "native"])
def test_networks_that_enlarge_and_that_are_given_enlarged_pictures(folder: Path, tmp_path: Path, engine: str) -> None:
    for name, net in {"larger": LARGER, "residual": RESIDUAL}.items():
        run = trained(net, folder, tmp_path / name, "bicubic:2", engine, epochs=40, lr=0.01)
        result = run.test()
        assert result["psnr"] > result["psnr_baseline"] - {"larger": 17, "residual": 3}[name], name
        assert (run.task.scale, run.task.smaller) == ((2, 2) if name == "larger" else (1, 2))
        (answer,) = run.predict(folder / "test" / "0.png")
        assert answer.picture.shape == (3, 122, 106)


def test_loss_and_noise(folder: Path, tmp_path: Path) -> None:
    for loss in ("l1", "charbonnier"):
        run = trained(RESIDUAL, folder, tmp_path / loss, "noise:25", loss=loss)
        assert 20 < run.test()["psnr_baseline"] < 21  # 20 log10(255 / 25) is 20.17, and what is cut off at 0 and 255
    with pytest.raises(st.InputError, match="restore has no loss 'hinge'; there are mse, l1, charbonnier"):
        trained(RESIDUAL, folder, tmp_path / "hinge", "noise:25", loss="hinge")


def test_colour_networks_and_chains(folder: Path, tmp_path: Path) -> None:
    run = trained(COLOUR, folder, tmp_path / "run", "blur:1,bicubic:2,jpeg:60")
    assert run.test()["psnr_baseline"] < 40
    assert run.predict(folder / "test" / "0.png")[0].picture.shape == (3, 122, 106)


def test_what_chance_decides_is_drawn_anew_in_every_epoch_of_a_training_alone(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for memory in (lazy.MEMORY, 0):
        monkeypatch.setattr(lazy, "MEMORY", memory)
        _, opened = Restore.open(str(folder), Wish((3, 16, 16), degrade="rain:2"))  # type: ignore[misc]
        feed = feed_of(opened.train, opened.schema, None, augment=Cut((16, 16)), workers=0)
        epochs = {(seed, epoch): given(feed.epoch(seed, epoch, 5)) for seed, epoch in ((0, 1), (0, 2), (1, 1))}
        again = given(feed.epoch(0, 2, 5))
        assert torch.equal(again[0], epochs[0, 2][0])
        rain = [worse - good for worse, good in epochs.values()]
        assert min(one.min() for one in rain) == 0
        assert not torch.equal(rain[0], rain[1])
        plain = [given(feed.in_order(1)) for _ in range(2)]
        assert torch.equal(plain[0][0], plain[1][0])


def given(batches: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """What a network reads and is asked for in the first batch."""
    batch = next(iter(batches))
    return batch.inputs["image"], batch.targets["good"]


def test_an_epoch_of_a_training_that_goes_on_is_the_same(folder: Path, tmp_path: Path) -> None:
    whole = trained(RESIDUAL, folder, tmp_path / "whole", "noise:25", epochs=2)
    trained(RESIDUAL, folder, tmp_path / "part", "noise:25", epochs=1)
    part = st.resume(tmp_path / "part", epochs=2, quiet=True)
    assert part.test() == whole.test()


def test_fog_has_to_be_taken_away_better_than_by_the_dark_channel_prior(folder: Path, tmp_path: Path) -> None:
    run = trained("input 3x?x? -> residual[ conv 3@3 pad 1 ]", folder, tmp_path / "run", "fog")
    result = run.test()
    wanted = []
    for file in sorted((folder / "test").iterdir()):
        with Image.open(file) as image:
            good = np.asarray(image).transpose(2, 0, 1)
        mist = degradation("fog")(good, f"test/{file.name}")
        wanted.append(psnr(good / 255, clear(mist / np.float32(255))))
    assert [one["psnr_baseline"] for one in result["each"]] == pytest.approx(wanted, abs=1e-4)
    assert "the dark channel prior gets" in str(run.judged().said())
    run.test(report=tmp_path / "page.html")
    assert "The dark channel prior gets" in (tmp_path / "page.html").read_text()
    grey = trained(RESIDUAL, folder, tmp_path / "grey", "fog:1")
    assert grey.test()["psnr_baseline"] > 5


def test_pairs_of_others_judge_a_network_that_learned_from_rendered_ones(folder: Path, tmp_path: Path) -> None:
    run = trained("input 3x?x? -> residual[ conv 3@3 pad 1 ]", folder, tmp_path / "run", "rain")
    for side in ("rain", "clean"):
        (tmp_path / "real" / side).mkdir(parents=True)
    with Image.open(folder / "test" / "0.png") as image:
        image.save(tmp_path / "real" / "clean" / "a.png")
        Image.fromarray(np.asarray(image) // 2).save(tmp_path / "real" / "rain" / "a.png")
        floor = psnr(np.asarray(image) / 255, np.asarray(image) // 2 / 255)
    assert run.test(tmp_path / "real")["psnr_baseline"] == pytest.approx(floor, abs=1e-3)


def test_grey_alpha_and_arrays_stay_what_they_are(run: st.Run, folder: Path, tmp_path: Path) -> None:
    with Image.open(folder / "test" / "0.png") as image:
        image.convert("L").save(tmp_path / "grey.png")
        clear = image.convert("RGBA")
        clear.putalpha(Image.linear_gradient("L").resize(image.size))
        clear.save(tmp_path / "clear.png")
        pixels = np.asarray(image)
    run.predict(tmp_path)
    answers = {Path(one.path).name: one for one in run.answers(tmp_path)}
    for name, mode in {"grey.png": "L", "clear.png": "RGBA"}.items():
        (tmp_path / "made.png").write_bytes(answers[name].pictures[""])
        with Image.open(tmp_path / "made.png") as made:
            assert (made.mode, made.size) == (mode, (106, 122))
    (of_array,) = run.predict(pixels)
    assert of_array.picture.shape == (3, 122, 106)


def test_a_perfect_network_gives_back_the_tones_of_grey_colour_and_clear_pictures(tmp_path: Path) -> None:
    """A network of colours that does nothing, asked of a file of each kind."""
    chance = np.random.default_rng(0)
    (tmp_path / "set").mkdir()
    for number in range(5):
        photo(chance, (24, 24)).save(tmp_path / "set" / f"{number}.png")
    run = trained("input 3x12x12 -> conv 3@1", tmp_path / "set", tmp_path / "run", "bicubic:2")
    picture = photo(chance, (20, 22))
    clear = picture.convert("RGBA")
    clear.putalpha(Image.linear_gradient("L").resize(picture.size))
    kinds = {"grey": picture.convert("L"), "colour": picture, "clear": clear, "opaque": picture.convert("RGBA")}
    for name, image in kinds.items():
        image.save(tmp_path / f"{name}.png")
        asked = run.task.asked([tmp_path / f"{name}.png"], run.recipe, "refuse")
        (answer,) = run.task.answers({"output": asked.inputs[0]["image"]}, asked, lambda inputs: inputs)
        (tmp_path / "made.png").write_bytes(answer.pictures[""])
        with Image.open(tmp_path / "made.png") as made:
            assert made.mode == image.mode
            wanted = image.convert("RGBA" if image.mode == "RGBA" else "RGB").resize((44, 40), Image.Resampling.BICUBIC)
            ours = np.asarray(made.convert(wanted.mode), int)
            if name == "clear":  # Pillow weighs colours by how opaque they are; here each channel is by itself
                channels = [band.resize((44, 40), Image.Resampling.BICUBIC) for band in image.split()]
                wanted = Image.merge("RGBA", channels)
            assert np.abs(ours - np.asarray(wanted, int)).max() <= 1, name


def test_pairs_of_two_scales_need_no_word(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    for number in range(6):
        good = photo(chance, (24, 28))
        for folder, image in {"lr": good.resize((14, 12), Image.Resampling.BICUBIC), "hr": good}.items():
            (tmp_path / folder).mkdir(exist_ok=True)
            image.save(tmp_path / folder / f"{number}.png")
    run = trained(COLOUR, tmp_path, tmp_path / "run", "", task="restore")
    assert (run.task.degrade, run.task.smaller, run.task.scale) == ("pairs", 2, 2)
    with pytest.raises(st.InputError, match="degrade is for the task restore, not for classify"):
        trained("input 3x8x8 -> fc 2", tmp_path, tmp_path / "other", "noise:5", task="classify")


def test_pieces_larger_than_a_picture_are_in_register() -> None:
    """What is asked for is what is read, nine times as many pixels, within the picture and beyond its edges."""
    coarse = torch.arange(1, 61.0).view(1, 6, 10)
    fine = coarse.repeat_interleave(3, 1).repeat_interleave(3, 2)
    drawn = Cut((16, 16), mirror=True, turn=True).drawn(8, torch.Generator().manual_seed(0))
    for row in range(8):
        whole = drawn.cut(coarse, row).repeat_interleave(3, 1).repeat_interleave(3, 2)
        assert torch.equal(drawn.cut(fine, row, 3), whole)


def test_pictures_that_stay_in_their_files_give_pieces_of_the_same_size(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = trained(LARGER, folder, tmp_path / "held", "bicubic:2")
    monkeypatch.setattr(lazy, "MEMORY", 0)
    read = trained(LARGER, folder, tmp_path / "read", "bicubic:2", workers=0)
    assert read.task == held.task
    assert read.test()["psnr_baseline"] == pytest.approx(held.test()["psnr_baseline"], abs=1e-4)


def test_figures_are_counted_wherever_the_outputs_are(run: st.Run) -> None:
    """On a GPU, outputs have to be fetched before NumPy sees them."""

    class Away(torch.Tensor):
        def numpy(self, *, force: bool = False) -> Any:
            raise TypeError("fetch it first")

        def cpu(self, *given: Any, **named: Any) -> torch.Tensor:
            return self.as_subclass(torch.Tensor)

    some = torch.rand(2, 1, 30, 30)
    outputs = {"output": some.as_subclass(Away), "before": (some / 2).as_subclass(Away)}
    rows = run.task.rows(outputs, {"good": some.as_subclass(Away)})
    assert rows["psnr"].min() > 50


def test_the_colour_is_the_interpolated_one(run: st.Run, folder: Path) -> None:
    with Image.open(folder / "test" / "0.png") as image:
        large = image.resize((106, 122), Image.Resampling.BICUBIC)
    made = Image.fromarray(run.predict(folder / "test" / "0.png")[0].picture.transpose(1, 2, 0))
    apart = [np.asarray(one.convert("YCbCr"), int)[:, :, 1:] for one in (made, large)]
    unclipped = ((np.asarray(made) > 0) & (np.asarray(made) < 255)).all(2)
    assert np.abs(apart[0] - apart[1])[unclipped].max() <= 2


def test_the_command_line_writes_pictures_and_json(run: st.Run, folder: Path, tmp_path: Path) -> None:
    words = ["predict", str(run.path), str(folder / "test"), "--out", str(tmp_path / "made"), "--json"]
    ended = subprocess.run([sys.executable, "-m", "striate", *words], capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stderr
    assert [one["size"] for one in json.loads(ended.stdout)] == [[122, 106], [130, 106]]
    assert sorted(path.name for path in (tmp_path / "made").iterdir()) == ["0.png", "1.png", "answers.csv"]


@pytest.mark.parametrize(
    ("net", "degrade", "said"),
    [
        (COLOUR, "bicubic:3", "makes pictures 2 times as large, and bicubic:3 makes them 3 times smaller"),
        (COLOUR, "noise:5", "makes pictures 2 times as large, and noise:5 makes them 1 times smaller"),
        ("input 1x?x? -> conv 2@3 pad 1", "noise", "a picture as it reads them has 1 map; end the network with 1 map"),
        ("input 2x?x? -> conv 2@3 pad 1", "noise", "reads 1 channel or 3"),
        ("input 1x?x? -> conv 1@3 stride 2 pad 1", "noise", "must be as large as what it reads"),
        ("input 1x8x8 -> fc 64", "noise", "a picture as it reads them has 1 map"),
        (RESIDUAL, "", "has no pairs: put the worse pictures into input/"),
    ],
)
def test_what_does_not_fit_is_said(folder: Path, tmp_path: Path, net: str, degrade: str, said: str) -> None:
    with pytest.raises(st.InputError) as caught:
        trained(net, folder, tmp_path / "run", degrade, task="restore")
    assert said in str(caught.value)
    assert not (tmp_path / "run").exists()


def test_a_picture_smaller_than_a_piece_or_than_the_scale(run: st.Run, tmp_path: Path) -> None:
    photo(np.random.default_rng(1), (3, 5)).save(tmp_path / "small.png")
    Image.new("RGB", (1, 1)).save(tmp_path / "point.png")
    sizes = [one.picture.shape for one in run.predict(tmp_path / "small.png", tmp_path / "point.png")]
    assert sizes == [(3, 6, 10), (1, 2, 2)]
    (tmp_path / "test").mkdir()
    photo(np.random.default_rng(1), (20, 20)).save(tmp_path / "test" / "good.png")
    Image.new("RGB", (1, 1)).save(tmp_path / "test" / "point.png")
    asked = st.Run(run.path)
    assert asked.test(tmp_path / "test")["examples"] == 1
    assert any("point.png" in str(one) for one in asked.left_out)


def test_a_run_that_is_no_better_than_interpolation_says_so(run: st.Run) -> None:
    judged = run.judged()
    assert judged.figures["psnr"] < judged.before["psnr"]
    assert judged.guessing.startswith("No better than bicubic interpolation, which gets ")
    assert "gained least" in "\n".join(map(str, judged.printed()))


def test_eight_views_answer_together(run: st.Run, folder: Path) -> None:
    """The mean of what the network makes of the picture mirrored and turned, put back."""
    model = run.model().eval()
    with Image.open(folder / "test" / "1.png") as image:
        x = torch.from_numpy(studio(image)).float()[None]
    with torch.no_grad():
        views = [(m, k) for m in (False, True) for k in range(4)]
        made = [model(torch.rot90(x.flip(-1) if m else x, k, (-2, -1))) for m, k in views]
        back = [torch.rot90(y, -k, (-2, -1)) for y, (_, k) in zip(made, views, strict=True)]
        mean = sum(y.flip(-1) if m else y for y, (m, _) in zip(back, views, strict=True)) / 8
    ours = run.outputs_by_name({"image": x}, run.chosen_engine(None), tta=True)["output"]
    assert ours.numpy() == pytest.approx(mean.numpy(), abs=1e-5)


def test_predict_sees_a_picture_in_pieces_as_large_as_it_is(
    run: st.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (150, 130, 3), np.uint8)).save(tmp_path / "a.png")
    (whole,), seen = run.predict(tmp_path / "a.png"), list[tuple[int, ...]]()
    evaluate = run.engine.evaluate
    monkeypatch.setattr(run.engine, "evaluate", lambda x: (seen.append(tuple(x["image"].shape)), evaluate(x))[1])
    run.predict(tmp_path / "a.png")
    assert seen == [(1, 1, 150, 130)]
    monkeypatch.setattr(type(run.task), "for_size", lambda task, network, size: task)
    (pieced,) = run.predict(tmp_path / "a.png")
    assert len(seen) > 1
    assert np.abs(whole.picture.astype(int) - pieced.picture).max() <= 1


def test_the_report_shows_before_after_and_truth(run: st.Run) -> None:
    page = (run.path / "report.html").read_text()
    assert "Before and after" in page
    assert page.count('class="aside"') == 2
    assert page.count("as it should be") == 2


def deep(kind: str, picture: NDArray[np.uint16]) -> bytes:
    """A PNG file of 16 bits, of (H, W, C)."""
    file, channels = io.BytesIO(), picture.shape[2]
    writer = png.Writer(picture.shape[1], picture.shape[0], greyscale=channels < 3, alpha="A" in kind, bitdepth=16)
    writer.write_packed(file, [row.astype(">u2").tobytes() for row in picture])
    return file.getvalue()


@pytest.mark.parametrize("kind", ["L", "LA", "RGB", "RGBA"])
def test_files_of_16_bits_give_files_of_16_bits(run: st.Run, tmp_path: Path, kind: str) -> None:
    """A network that does nothing gives Pillow's bicubic interpolation of each channel, to one of 65,535 levels."""
    chance = np.random.default_rng(1)
    picture = chance.integers(9_000, 50_000, (12, 10, len(kind))).astype(np.uint16)
    picture[0, 0] = 65_535
    (tmp_path / "deep.png").write_bytes(deep(kind, picture))
    asked = run.task.asked([tmp_path / "deep.png"], run.recipe, "refuse")
    base = run.task.pixels.picture(asked.photos[0].picture, np.zeros((1, 24, 20), np.float32))
    assert base.dtype == np.uint16
    enlarged = F.interpolate(asked.inputs[0]["image"], scale_factor=2, mode="bicubic", antialias=True)
    (answer,) = run.task.answers({"output": enlarged}, asked, lambda inputs: inputs)
    (width, height, rows, facts) = png.Reader(bytes=answer.pictures[""]).read()
    assert (width, height, facts["bitdepth"], facts["planes"]) == (20, 24, 16, len(kind))
    made = np.array([list(row) for row in rows]).reshape(24, 20, len(kind))
    for channel in range(len(kind)):
        plane = Image.fromarray(picture[:, :, channel].astype(np.float32)).resize((20, 24), Image.Resampling.BICUBIC)
        apart = np.abs(np.clip(np.asarray(plane), 0, 65_535) - made[:, :, channel])
        assert apart[8:].max() < 2  # below the white corner, around which colours are cut off


@pytest.mark.parametrize("kind", ["16 bits", "clear", "RGBA", "RGB"])
def test_a_file_is_decoded_once(run: st.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    path, loaded = tmp_path / "a.png", list[str]()
    if kind == "16 bits":
        path.write_bytes(deep("L", np.arange(20_000, 20_120, dtype=np.uint16).reshape(12, 10, 1)))
    else:
        Image.new("RGBA" if kind == "clear" else kind, (10, 12), (9, 8, 7, 6 if kind == "clear" else 255)).save(path)
    load = PngImageFile.load_prepare
    monkeypatch.setattr(PngImageFile, "load_prepare", lambda one: (loaded.append(one.mode), load(one))[1])
    (answer,) = run.predict(path)
    assert len(loaded) == 1
    assert (answer.picture.dtype == np.uint16) == (kind == "16 bits")


def test_levels_of_files_of_12_bits_are_those_of_the_set(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    (tmp_path / "set").mkdir()
    for number in range(6):
        picture = chance.integers(0, 4_096 if number else 400, (26, 26, 1)).astype(np.uint16)
        (tmp_path / "set" / f"{number}.png").write_bytes(deep("L", picture))
    run = trained("input 1x12x12 -> conv 1@1", tmp_path / "set", tmp_path / "run", "noise:5")
    assert run.recipe.levels is not None
    assert run.recipe.levels.whole == (0.0, 4095.0)
    asked = run.task.asked([tmp_path / "set" / "0.png"], run.recipe, "refuse")
    assert asked.inputs[0]["image"].max() < 0.1  # a dark picture stays dark
    (answer,) = run.task.answers({"output": asked.inputs[0]["image"]}, asked, lambda inputs: inputs)
    with Image.open(io.BytesIO(answer.pictures[""])) as made, Image.open(tmp_path / "set" / "0.png") as given:
        assert (np.asarray(made) == np.asarray(given)).all()
