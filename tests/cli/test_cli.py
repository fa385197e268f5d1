"""Every verb: what it prints, its JSON, its exit status."""

import functools
import importlib
import io
import json
import shlex
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from striate import data, zoo
from striate.cli import VERBS
from striate.cli.common import console
from striate.training.optimizers import OPTIMIZERS

Cli = Callable[..., Any]
TINY = "input 1x8x8 -> fc 10"
RESNET_50_MACS = 4_089_184_256


@pytest.fixture
def seven(tmp_path: Path) -> Path:
    """A drawn 7 as a PNG file."""
    test = data.load("digits").test
    assert test is not None
    row = test.labels.tolist().index(7)
    Image.fromarray(test.images[row, 0].numpy()).save(tmp_path / "seven.png")
    return tmp_path / "seven.png"


# explain


def test_explain_shows_the_lecture_s_example(cli: Cli) -> None:
    ended = cli("explain", "input 3x128x128 -> conv 16@7x7 stride 2 pad 3")
    assert ended.status == 0
    assert "16×64×64" in ended.out
    assert "2,368" in ended.out
    assert "floor((128 + 2*3 - 7)/2) + 1 = 64" in ended.out
    assert "(7*7*3 + 1)*16 = 2,368" in ended.out


def test_explain_draws_a_picture(cli: Cli, tmp_path: Path) -> None:
    ended = cli("explain", "lenet5", "--picture", str(tmp_path / "net.svg"), "--json")
    assert f"the picture of lenet5 is in {tmp_path / 'net.svg'}" in ended.err
    assert ended.json["total_parameters"] == 61_706
    assert "61,706 parameters" in (tmp_path / "net.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("lenet5", "--picture", "net.png"), "a picture is written as SVG: net.png; end the name in .svg"),
        (("lenet5", "--picture", "nowhere/net.svg"), "there is no folder nowhere for net.svg"),
        (("lenet5", "lenet1", "--picture", "net.svg"), "--picture draws one network, and here are 2"),
        (("lenet5", "--diagram", "net.svg"), "did you mean '--picture'?"),
    ],
)
def test_a_picture_that_can_t_be_drawn(cli: Cli, words: tuple[str, ...], said: str) -> None:
    ended = cli("explain", *words)
    assert ended.status == 2
    assert said in ended.err
    assert not Path("net.svg").exists()


def test_explain_as_json(cli: Cli) -> None:
    value = cli("explain", "input 3x128x128 -> conv 16@7x7 stride 2 pad 3 -> relu", "--json").json
    assert {"layers", "total_parameters", "total_macs"} <= set(value)
    conv, relu = value["layers"]
    assert {"layer", "output", "parameters", "macs", "receptive_field", "jump", "formula"} <= set(conv)
    assert conv["layer"] == "conv 16@7x7 stride 2 pad 3"
    assert conv["output"] == [16, 64, 64]
    assert (conv["parameters"], conv["macs"]) == (2368, 16 * 64 * 64 * 7 * 7 * 3)
    assert (conv["receptive_field"], conv["jump"]) == (7, 2)
    assert "floor((128 + 2*3 - 7)/2) + 1 = 64" in conv["formula"]
    assert "(7*7*3 + 1)*16 = 2,368" in conv["formula"]
    assert (relu["layer"], relu["parameters"]) == ("relu", 0)
    assert (value["total_parameters"], value["total_macs"]) == (2368, conv["macs"])


def test_explain_resnet50(cli: Cli) -> None:
    value = cli("explain", "resnet50", "--json").json
    assert value["total_macs"] == RESNET_50_MACS
    assert value["total_parameters"] == 25_557_032
    assert sum(row["macs"] for row in value["layers"]) == RESNET_50_MACS


def test_explain_of_free_axes_is_null_until_a_size_is_given(cli: Cli) -> None:
    text = "input 3x?x? -> conv 8@3x3 pad 1 -> gap -> fc 10"
    free = cli("explain", text, "--json").json
    assert free["layers"][0]["output"] == [8, None, None]
    assert free["total_macs"] is None
    assert free["total_parameters"] == 314
    sized = cli("explain", text, "--at", "3x20x30", "--json").json
    assert sized["layers"][0]["output"] == [8, 20, 30]
    assert sized["total_macs"] == 20 * 30 * 8 * 27 + 80


def test_explain_side_by_side(cli: Cli) -> None:
    both = cli("explain", "lenet5", TINY)
    assert both.status == 0
    assert both.out.startswith("side by side"), "what several are asked for comes first"
    values = cli("explain", "lenet5", TINY, "--json").json
    assert [value["name"] for value in values] == ["lenet5", "net"]


def test_what_to_look_at_again_is_said_by_the_verbs_that_read_a_text(cli: Cli) -> None:
    text, note = "input 16x16x3 -> conv 2@3 -> gap -> fc 2", "channels come first; did you mean input 3x16x16?"
    ended = cli("explain", text)
    assert (ended.status, ended.err.count(note), note in ended.out) == (0, 1, False)
    ended = cli("explain", text, text, "--json")
    assert (ended.err.count(note), len(ended.json[0]["notes"])) == (1, 1)
    assert cli("explain", "lenet5", "--json").json["notes"] == []
    numbers = json.dumps(np.ones((8, 8, 3)).tolist())
    ended = cli("step", "maxpool 2", "--input", numbers, "--json")
    assert "did you mean input 3x8x8?" in ended.err
    assert len(ended.json["notes"]) == 1
    ended = cli("bench", text, "--engines", "plain", "--work", "inference", "--batch", "2", "--rounds", "2")
    assert note in ended.err


def stdin(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))


@pytest.mark.parametrize(
    "content", [b"input 1x8x8 -> fc 10", b"\xef\xbb\xbfinput 1x8x8\r\nfc 10\r\n", b"# a\ninput 1x8x8\nfc 10"]
)
def test_explain_reads_a_text_from_standard_input(cli: Cli, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    stdin(monkeypatch, content)
    value = cli("explain", "-", "lenet5", "-", "--json").json
    assert [one["total_parameters"] for one in value] == [650, 61_706, 650]


def test_what_zoo_prints_is_explained(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    stdin(monkeypatch, cli("zoo", "lenet5").out.encode())
    assert cli("explain", "-", "--set", "classes=3", "--json").json["layers"][-1]["output"] == [3]
    stdin(monkeypatch, b"lenet5\n")
    assert cli("explain", "-", "--json").json["name"] == "lenet5"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "there is no layer"),
        (b"\xff\xfe\x00", "standard input can't be read: it is not a text in UTF-8"),
        (b"input 1x8x8 -> relv", "did you mean 'relu'?"),
        (b"x" * 1_000_001, "standard input has more than 1,000,000 bytes"),
    ],
)
def test_a_wrong_text_on_standard_input(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, content: bytes, message: str
) -> None:
    stdin(monkeypatch, content)
    ended = cli("explain", "-")
    assert ended.status == 2
    assert message in ended.error


def test_a_standard_input_that_is_closed(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    ended = cli("explain", "-")
    assert ended.status == 2
    assert "which is closed" in ended.error


@pytest.mark.parametrize("columns", [40, 60, 80])
@pytest.mark.parametrize("words", [["zoo"], ["explain", "lenet5", "resnet50"]])
def test_tables_fit_a_narrow_terminal(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, words: list[str], columns: int
) -> None:
    monkeypatch.setattr(
        f"striate.cli.{words[0]}.console",
        lambda: Console(width=columns, force_terminal=True, color_system=None, legacy_windows=False),
    )
    shown = cli(*words).out
    assert all(len(line) <= columns for line in shown.splitlines())
    assert "a wider" in shown
    assert "25.6 M" in shown or "25,557,032" in shown
    assert "resnet50" in shown
    if words == ["zoo"]:
        assert all(name in shown for name in zoo.names())


def test_no_color_leaves_no_escapes(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    for value, escapes in (("", True), ("1", False)):
        monkeypatch.setenv("NO_COLOR", value)
        console().print("[bold]a[/bold]")
        assert ("\x1b" in capsys.readouterr().out) == escapes


def test_explain_every_formula(cli: Cli) -> None:
    short, long = cli("explain", "lenet5"), cli("explain", "lenet5", "--formulas")
    assert "receptive field" not in short.out
    assert "receptive field" in long.out
    assert "if fully connected" in long.out


def test_explain_with_letters(cli: Cli) -> None:
    text = "input 1x8x8 -> [conv W@3 pad 1 -> relu]*N -> fc 10"
    value = cli("explain", text, "--set", "N=3", "--set", "w=4", "--json").json
    assert [row["layer"].split()[0] for row in value["layers"]] == ["conv", "relu"] * 3 + ["fc"]
    again = cli("explain", text, "--set", "N=3, w=4", "--json").json
    assert again == value
    shown = cli("explain", "INPUT -> [CONV -> RELU]*N -> FC", "--set", "N=2")
    assert "resolved by the rules of thumb" in shown.out


def test_explain_a_file(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.net").write_text("# mine\ninput 1x8x8\nfc 10\n")
    assert cli("explain", tmp_path / "mine.net", "--json").json["name"] == "mine"
    monkeypatch.chdir(tmp_path)
    assert cli("explain", "mine.net", "--json").json["total_parameters"] == 650


def test_explain_counts_the_memory_of_training(cli: Cli) -> None:
    memory = {
        name: cli("explain", TINY, "--optimizer", name, "--batch", "2", "--json").json["training_memory"]
        for name in ("sgd", "momentum", "adam")
    }
    assert [memory[name]["optimizer_state"] for name in memory] == [0, 2600, 5200]
    assert memory["sgd"]["weights"] == memory["sgd"]["gradients"] == 2600
    assert memory["sgd"]["batch"] == 2


# zoo


def test_the_zoo(cli: Cli) -> None:
    value = cli("zoo", "--json").json
    assert {"name", "title", "paper", "year", "input", "parameters", "macs"} <= set(value[0])
    names = [entry["name"] for entry in value]
    assert {"lenet5", "alexnet", "resnet50"} <= set(names)
    assert next(entry["macs"] for entry in value if entry["name"] == "resnet50") == RESNET_50_MACS
    table = cli("zoo")
    assert all(name in table.out for name in names)


def test_a_network_of_the_zoo_is_printed_as_a_text(cli: Cli, tmp_path: Path) -> None:
    printed = cli("zoo", "lenet5").out
    (tmp_path / "mine.net").write_text(printed)
    same = [cli("explain", net, "--json").json["layers"] for net in ("lenet5", tmp_path / "mine.net")]
    assert same[0] == same[1]
    assert cli("zoo", "LeNet5", "--json").json["year"] == 1998


# train, resume


def test_train_as_json(cli: Cli, tmp_path: Path) -> None:
    ended = cli("train", TINY, "digits", "--epochs", 2, "--out", tmp_path / "run", "--json")
    assert ended.status == 0
    value = ended.json
    figures = {"run", "epochs", "best_epoch", "validation_accuracy", "test_accuracy", "images_per_second"}
    assert set(value) == figures | {"validation", "test", "verdict"}
    assert (value["run"], value["epochs"]) == (str(tmp_path / "run"), 2)
    assert 0 < value["test_accuracy"] < 1
    assert value["images_per_second"] > 0
    for words in ("digits: 1,797 real digits", "images: 1,295 to train on", "training: 2 epochs, adamw", "epoch   2"):
        assert words in ended.err


def test_train_in_words(cli: Cli, tmp_path: Path) -> None:
    ended = cli("train", TINY, "digits", "--epochs", 1, "--out", tmp_path / "run")
    assert [line.split()[0] for line in ended.out.splitlines()] == ["validation", "test", "run:", "report:"]
    assert str(tmp_path / "run" / "report.html") in ended.out
    assert ended.err.splitlines()[-1].startswith(("Try ", "For more, try"))
    command = json.loads((tmp_path / "run" / "config.json").read_text())["command"]
    assert shlex.split(command) == [
        "striate", "train", TINY, "digits", "--epochs", "1", "--out", str(tmp_path / "run"),
    ]  # fmt: skip


@pytest.mark.parametrize("optimizer", list(OPTIMIZERS))
def test_every_optimiser_trains(cli: Cli, tmp_path: Path, optimizer: str) -> None:
    rate = {"sgd": 0.3, "momentum": 0.05, "nesterov": 0.05, "adagrad": 0.1}.get(optimizer, 0.02)
    words = ("--optimizer", optimizer, "--epochs", 2, "--lr", rate, "--out", tmp_path / "run")
    ended = cli("train", TINY, "digits", *words, "--json")
    assert ended.status == 0
    assert ended.json["test_accuracy"] > 0.5
    assert f"epochs, {optimizer}, one-cycle" in ended.err


def test_the_whole_set_as_one_batch(cli: Cli, tmp_path: Path) -> None:
    ended = cli("train", TINY, "digits", "--batch", "ALL", "--epochs", 1, "--out", tmp_path / "run")
    assert ended.status == 0
    assert "the whole set as one batch" in ended.err
    assert cli("train", TINY, "digits", "--batch", "0", "--epochs", 1, "--out", tmp_path / "other").status == 0


def test_choices_reach_the_training(cli: Cli, tmp_path: Path) -> None:
    words = shlex.split("--schedule cosine --loss hinge --l1 0.001 --l2 0.01 --patience 3 --validation 0.2 --init he")
    assert cli("train", TINY, "digits", *words, "--seed", 9, "--epochs", 1, "--out", tmp_path / "run").status == 0
    options = json.loads((tmp_path / "run" / "config.json").read_text())["options"]
    wanted = {"schedule": "cosine", "loss": "hinge", "l1": 0.001, "l2": 0.01, "patience": 3, "validation": 0.2}
    assert {**options, **wanted, "init": "he", "seed": 9} == options


def test_resume(cli: Cli, tmp_path: Path) -> None:
    cli("train", TINY, "digits", "--epochs", 1, "--out", tmp_path / "run")
    ended = cli("resume", tmp_path / "run", "--epochs", 3, "--json")
    assert (ended.status, ended.json["epochs"]) == (0, 3)
    assert "going on after epoch 1 of 3" in ended.err
    again = cli("resume", tmp_path / "run")
    assert again.status == 2
    assert "has its 3 epochs; give more, as in --epochs 6" in again.error


def test_resume_with_another_rate_and_moved_data(cli: Cli, tmp_path: Path) -> None:
    for name in ("down", "up"):  # two classes of grey images
        (tmp_path / "data" / name).mkdir(parents=True)
        for number in range(12):
            Image.new("L", (8, 8), 100 * (name == "up") + 5 * number).save(tmp_path / f"data/{name}/{number}.png")
    words = ("--epochs", 1, "--out", tmp_path / "run")
    assert cli("train", "input 1x8x8 -> fc 2", tmp_path / "data", *words).status == 0
    (tmp_path / "data").rename(tmp_path / "moved")
    lost = cli("resume", tmp_path / "run", "--epochs", 2)
    assert lost.status == 2
    assert f"no data at {tmp_path}/data, which " in lost.error
    words = ("--epochs", 2, "--lr", 0.01, "--schedule", "constant")
    ended = cli("resume", tmp_path / "run", tmp_path / "moved", *words)
    assert (ended.status, "learning rate: constant up to 0.01 over 2 epochs, now 0.01" in ended.err) == (0, True)


def test_patience_is_a_good_end(cli: Cli, tmp_path: Path) -> None:
    words = ("--patience", 1, "--lr", 0, "--epochs", 9, "--out", tmp_path / "run")
    ended = cli("train", TINY, "digits", *words)
    assert ended.status == 0
    assert "stopped by patience after epoch 2; the best weights are kept" in ended.err


# test, predict, see


def test_test_as_json(cli: Cli, run: Path) -> None:
    value = cli("test", run, "digits", "--json").json
    assert {"accuracy", "error", "loss", "examples", "interval", "majority_share", "balanced_accuracy"} < set(value)
    assert value["examples"] == 359
    assert value["error"] == pytest.approx(1 - value["accuracy"]), "fractions everywhere in JSON"
    assert sum(map(sum, value["confusion"])) == 359
    assert [one["name"] for one in value["per_class"]] == value["classes"] == list("0123456789")
    assert cli("test", run, "--json").json == value, "what was held out"


def test_test_in_words_is_in_percent(cli: Cli, run: Path) -> None:
    value = cli("test", run, "--json").json
    out = cli("test", run).out
    assert out.startswith(f"accuracy {value['accuracy']:.2%} of 359 images (95% interval: ")
    assert f"error {value['error']:.2%}, loss {value['loss']:.4f}, calibration error " in out
    worst = min(value["per_class"], key=lambda one: one["recall"])
    row = next(line.split() for line in out.splitlines() if line.split()[:1] == [worst["name"]])
    assert row[1:5] == [*(f"{worst[what]:.2%}" for what in ("precision", "recall", "f1")), str(worst["support"])]
    first = value["most_wrong"][0]
    assert f"most wrong: {first['image']}: {first['true_class']}, called {first['label']}" in out


def test_test_writes_a_page(cli: Cli, run: Path, seven: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page for a folder that holds one class only, beside the run or under any name."""
    (tmp_path / "mine" / "7").mkdir(parents=True)
    seven.rename(tmp_path / "mine" / "7" / "first.png")
    monkeypatch.chdir(tmp_path)
    assert "report: test.html" in cli("test", run, tmp_path / "mine", "--report").out
    assert "net on digits, tested on mine" in (tmp_path / "test.html").read_text()
    assert cli("test", run, "mine", "--report", "pages.html", "--json").json["examples"] == 1
    assert (tmp_path / "pages.html").read_text().count(str(tmp_path)) == 0
    (tmp_path / "mine.npz").write_bytes(b"precious")
    refused = cli("test", run, "--report", "mine.npz")
    assert refused.status == 2
    assert "--report takes a file whose name ends in .html" in refused.error
    assert (tmp_path / "mine.npz").read_bytes() == b"precious"
    assert "can't write no/such.html: No such file or directory" in cli("test", run, "--report", "no/such.html").error


def test_a_loss_that_is_not_known_is_null(cli: Cli, tmp_path: Path) -> None:
    from striate.losses import hinge
    from striate.runs.training import train

    train(TINY, "digits", loss=lambda outputs, labels: hinge(outputs, labels), epochs=1, out=tmp_path / "run")
    assert cli("test", tmp_path / "run", "--json").json["loss"] is None


def test_predict_as_json(cli: Cli, run: Path, seven: Path) -> None:
    (value,) = cli("predict", run, seven, "--json").json
    assert set(value) == {"path", "class", "probability", "top"}
    assert (value["path"], value["class"]) == (str(seven), "7")
    assert [set(entry) for entry in value["top"]] == [{"class", "probability"}] * 3
    assert value["top"][0] == {"class": "7", "probability": value["probability"]}


def test_predict_in_words(cli: Cli, run: Path, seven: Path) -> None:
    ended = cli("predict", run, seven, seven.parent)
    lines = ended.out.splitlines()
    assert len(lines) == 2
    assert all(line.startswith(f"{seven}  7 ") and line.endswith("%)") for line in lines)


def test_predict_names_what_it_left_out(cli: Cli, run: Path, seven: Path) -> None:
    (seven.parent / "bad.png").write_bytes(b"no image")
    ended = cli("predict", run, seven.parent, "--json")
    assert (ended.status, len(ended.json)) == (0, 1)
    assert "left out: " in ended.err
    assert "bad.png" in ended.err
    refused = cli("predict", run, seven.parent, "--bad-files", "refuse")
    assert refused.status == 2
    assert "bad.png" in refused.error


def test_a_file_name_of_any_bytes(cli: Cli, run: Path, seven: Path) -> None:
    strange = seven.parent / "f\udcff.png"
    try:
        seven.rename(strange)
    except OSError:
        pytest.skip("this file system takes no such name")
    assert cli("predict", run, strange).status == 0
    assert cli("predict", run, strange, "--json").json[0]["class"] == "7"


def test_see_prints_where_the_report_lies(cli: Cli, run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    assert cli("see", run, "--report").out == f"{run / 'report.html'}\n"
    assert opened[0].startswith("file://")


# bench


def test_bench_as_json(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    module = importlib.import_module("striate.benchmark")
    monkeypatch.setattr(module, "bench", functools.partial(module.bench, seconds=0.01))
    monkeypatch.setattr(module, "taken", lambda net, engine, work, batch, threads: 7 if engine == "torch" else None)
    value = cli("bench", "input 1x4x4 -> fc 3", "--batch", "4,8", "--rounds", 2, "--device", "cpu", "--json").json
    assert set(value) == {
        *("network", "machine", "results", "peak_gflops_per_second", "native_start_seconds", "layers"),
        *("native_source", "memory"),
    }
    assert [(entry["work"], entry["batch"], entry["engine"]) for entry in value["results"]] == [
        (work, batch, engine)
        for work, batches in (("training", (4, 8)), ("inference", (1, 4, 8)))
        for batch in batches
        for engine in ("native", "torch", "plain")
    ]
    for entry in value["results"]:
        for figure in ("images_per_second", "ratio", "share"):
            low, median, high = (entry[figure][name] for name in ("low", "median", "high"))
            assert 0 < low <= median <= high
    assert value["peak_gflops_per_second"]["training"] > 0
    assert set(value["native_start_seconds"]) == {"cold", "cached"}
    assert value["layers"] == []
    assert (Path(value["native_source"]) / "network.c").is_file()
    assert value["memory"] == {"work": "training", "batch": 4, "bytes": {"torch": 7}}
    first = value["results"][0]
    assert first["microseconds_per_image"] == pytest.approx(1e6 / first["images_per_second"]["median"])


def test_bench_shows_the_layers(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    module = importlib.import_module("striate.benchmark")
    monkeypatch.setattr(module, "bench", functools.partial(module.bench, seconds=0.01))
    monkeypatch.setattr(module, "taken", lambda *given: 3 * 2**20)
    monkeypatch.setattr(module, "layer_times", functools.partial(module.layer_times, seconds=0.01))
    words = (
        "--engines",
        "native,plain",
        "--batch",
        "4",
        "--rounds",
        2,
        "--device",
        "cpu",
        "--layers",
        "--work",
        "training",
    )
    out = cli("bench", "input 1x4x4 -> conv 2@3 -> fc 3", *words).out
    assert "conv1: conv 2@3x3, 1x4x4 -> 2x2x2" in out
    assert "training: native at batch 4 is " in out
    assert "inference" not in out
    assert "the machine's peak in the same rounds: " in out
    assert "to compile, " in out


# help


def test_help_names_every_verb(cli: Cli) -> None:
    ended = cli("--help")
    assert ended.status == 0
    assert all(verb in ended.out for verb in VERBS)
    assert cli("--version").out.startswith("striate 0.")


@pytest.mark.parametrize("verb", list(VERBS))
def test_every_verb_has_help(cli: Cli, verb: str) -> None:
    ended = cli(verb, "--help")
    assert ended.status == 0
    assert ended.out.startswith(f"Usage: striate {verb} ") or f" {verb} " in ended.out.splitlines()[0]


def test_without_a_verb_there_is_help_and_status_2(cli: Cli) -> None:
    ended = cli()
    assert ended.status == 2
    assert "Usage: " in ended.err


def test_damage_is_said_and_what_is_whole_used(cli: Cli, run: Path, seven: Path) -> None:
    path = run / "model.safetensors"
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    try:
        for words in (("test", run), ("predict", run, seven)):
            ended = cli(*words, "--json")
            assert ended.status == 0
            assert ended.json
            assert f"{path} is damaged: its SHA-256 is not the one in SHA256SUMS" in ended.err
            assert "using " in ended.err
    finally:
        path.write_bytes(whole)


def test_a_folder_of_images(cli: Cli, tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    for level, name in enumerate(("dark", "light")):
        (tmp_path / "data" / name).mkdir(parents=True)
        for number in range(12):
            pixels = generator.integers(150 * level, 100 + 150 * level, (9, 9), np.uint8)
            Image.fromarray(pixels).save(tmp_path / "data" / name / f"{number}.png")
    out = tmp_path / "run"
    words = ("INPUT -> CONV -> RELU -> FC", tmp_path / "data", "--epochs", 3, "--out", out, "--json")
    assert cli("train", *words).status == 0
    assert cli("test", out, "--json").json["examples"] == 4
    assert cli("test", out, tmp_path / "data", "--json").json["examples"] == 4
    assert {value["class"] for value in cli("predict", out, tmp_path / "data", "--json").json} <= {"dark", "light"}
