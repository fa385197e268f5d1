"""Whatever is wrong with the words ends in one message that says what to do, and status 2; what fails, in status 1."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests import written

Cli = Callable[..., Any]
TINY = "input 1x8x8 -> fc 10"
PATTERN = "INPUT -> [[CONV -> RELU]*N -> POOL?]*M -> [FC -> RELU]*K -> FC"


WRONG = [
    (["explian", "lenet5"], "no verb 'explian'; did you mean 'explain'?"),
    (["--jsno"], "No such option '--jsno'"),
    (["explain", "lenet6"], "no network 'lenet6'; `striate zoo` lists them; did you mean 'lenet5'?"),
    (["zoo", "restnet50"], "no network 'restnet50'; `striate zoo` lists them; did you mean 'resnet50'?"),
    (["explain", "input 1x8x8 -> cnov 3@3"], "cnov"),
    (["explain", "input 1x8x8 -> conv 3@9x9"], "does not fit"),
    (["explain", "input 1x8x8 -> conv 3@3 strid 2"], "did you mean 'stride'?"),
    (["train", "lenet5", "digits", "--port", "8000"], "--port says where the page of --see is served; give both"),
    (["explain"], "Missing argument 'NET...'"),
    (["explain", "missing.net"], "no file missing.net (looked in "),
    (["explain", "nets/missing.net"], "no file nets/missing.net"),
    (
        ["explain", "lenet5", "--at", "3x"],
        "--at takes channels x height x width, as in --at 3x512x512. Received: 3x",
    ),
    (["explain", "lenet5", "--at", "0x8x8"], "--at takes channels x height x width"),
    (["explain", "lenet5", "--at", "1x99999999999x8"], "--at takes channels x height x width"),
    (["explain", "lenet5", "--at", "1x28x28"], "1x28x28 does not fit 'input 1x32x32'"),
    (["explain", "input 1x?x? -> conv 1@5 -> gap -> fc 2", "--at", "1x3x3"], "at 1x3x3: "),
    (["explain", "lenet5", "--set", "N"], "as in --set N=2 or --set N=2,M=2. Received: N"),
    (["explain", "lenet5", "--set", "N=2,,M=2"], "--set takes letter=number"),
    (["explain", "lenet5", "--set", "N=2 M=2"], "--set takes letter=number"),
    (["explain", PATTERN], "'N', 'M' and 'K' have no value"),
    (["explain", PATTERN], "by a line N=2 M=2 K=1, or by --set N=2 --set M=2 --set K=1"),
    (["train", PATTERN, "digits", "--set", "M=2"], "by a line N=2 K=1, or by --set N=2 --set K=1"),
    (["bench", PATTERN, "--set", "n=1,m=1"], "it a value, in the text by a line K=1, or by --set K=1"),
    (["explain", "lenet5", "--set", "N=two"], "--set takes letter=number"),
    (["explain", "lenet5", "--set", "N=nan"], "--set takes letter=number"),
    (["explain", "lenet5", "--set", "N=inf"], "--set takes letter=number"),
    (["explain", "lenet5", "--set", "=3"], "--set takes letter=number"),
    (["explain", "lenet5", "--set", "clases=3"], "no letter 'clases'; it has classes; did you mean 'classes'?"),
    (["explain", "lenet5", "--set", "input=3"], "no letter 'input'"),
    (["explain", "lenet5", "--set", "batch=3"], "no letter 'batch'"),
    (["explain", "lenet5", "--batch", "0"], "a batch has at least 1 example. Received: 0"),
    (["explain", "lenet5", "--batch", "many"], "'many' is not a valid integer"),
    (["explain", "lenet5", "--optimizer", "adma"], "did you mean 'adam'?"),
    (["bench", "lenet5", "--batch", "64,"], "--batch takes sizes by commas, as in --batch 64,256. Received: 64,"),
    (["bench", "lenet5", "--engines", "nativ"], "no engine 'nativ'; did you mean 'native'?"),
    (["bench", "lenet5", "--engines", ""], "no engine ''; there are native, "),
    (["bench", "input 1x4x4 -> local 2@3 -> fc 2", "--engines", "torch", "--layers"], "lacks 'local 2@3x3'"),
    (["bench", "lenet5", "--work", "trainin"], "did you mean 'training'?"),
    (["bench", "lenet5", "--rounds", "1"], "1 is not in the range x>=2"),
    (["bench", "input 1x?x? -> gap -> fc 2"], "a network with free axes can't be timed"),
    (["train", "lenet5", "digits", "--workers", "-1"], "-1 is not in the range 0<=x<=256"),
    (["resume", "run", "--workers", "257"], "257 is not in the range 0<=x<=256"),
    (["train", "lenet5", "digits", "--num-workers", "2"], "did you mean '--workers'?"),
    (["bench", "lenet5", "--device", "cpuu"], "no device 'cpuu'; did you mean 'cpu'?"),
    (["train", "lenet5"], "Missing argument 'DATA'"),
    (["train", "lenet6", "digits"], "no network 'lenet6'"),
    (["train", "lenet5", "digit"], "no data set 'digit'; a data set is digits, "),
    (["train", "lenet5", "digit"], "did you mean 'digits'?"),
    (["train", "unet3d", "missing", "--task", "volume"], "no file or folder 'missing'; looked for "),
    (["train", "unet3d", "missing", "--task", "volume"], "the task volume reads a folder of volumes with labels"),
    (["train", "lenet5", "digit", "--task", "clip"], "; the task clip reads a folder with one sub-folder of clips"),
    (
        ["train", "lenet5", "mnits", "--task", "generate"],
        "no file or folder 'mnits'; did you mean 'mnist'?; looked for ",
    ),
    (["rate", "lenet5", "missing/a", "--task", "series"], "no file or folder 'missing/a'; looked for "),
    (["train", "lenet5", "missing/folder"], "no data at 'missing/folder'; looked for "),
    (["train", "lenet5", "digits", "--epoch", "3"], "No such option '--epoch'; did you mean '--epochs'?"),
    (["train", "lenet5", "digits", "--learning-rate", "3"], "did you mean '--lr'?"),
    (["train", "lenet5", "digits", "--batch-size", "3"], "did you mean '--batch'?"),
    (["train", "lenet5", "digits", "--weight_decay", "3"], "did you mean '--l2'?"),
    (["train", "lenet5", "digits", "--output", "x"], "did you mean '--out'?"),
    (["explain", "lenet5", "--lr", "3"], "No such option '--lr'; see"),
    (["explain", "lenet5", "--input-size", "8"], "did you mean '--size'?"),
    (["explain", "lenet5", "--shape", "3x8x8"], "did you mean '--at'?"),
    (["train", "lenet5", "digits", "--optimizer", "nag"], "did you mean 'nesterov'?"),
    (["train", "lenet5", "digits", "--init", "kaiming"], "did you mean 'he'?"),
    (["train", "lenet5", "digits", "--device", "gpu"], "did you mean 'cuda'?"),
    (["train", "lenet5", "cifar-10.1"], "no data at 'cifar-10.1'"),
    (["train", "lenet5", "fmnist"], "did you mean 'fashion-mnist'?"),
    (["explain", "vgg11"], "did you mean 'vgg-a'?"),
    (["fit", "lenet5"], "no verb 'fit'; did you mean 'train'?"),
    (["summary", "lenet5"], "no verb 'summary'; did you mean 'explain'?"),
    (["train", "lenet5", "digits", "--epochs", "-1"], "epochs must be from 0 to 1,000,000. Received: -1"),
    (["train", "lenet5", "digits", "--epochs", "three"], "'three' is not a valid integer"),
    (["train", "lenet5", "digits", "--lr", "-1"], "lr must be from 0. Received: -1"),
    (["train", "lenet5", "digits", "--lr", "nan"], "lr must be from 0. Received: nan"),
    (["train", "lenet5", "digits", "--batch", "-2"], "batch must be from 0 to 2,147,483,648. Received: -2"),
    (["train", "lenet5", "digits", "--batch", "al"], "'al' is not a valid integer"),
    (["train", "lenet5", "digits", "--validation", "1"], "validation must be from 0.001 to 0.9. Received: 1"),
    (["train", "lenet5", "digits", "--optimizer", "sdg"], "did you mean 'sgd'?"),
    (["train", "lenet5", "digits", "--schedule", "onecycle"], "did you mean 'one-cycle'?"),
    (["train", "lenet5", "digits", "--loss", "crossentropy"], "did you mean 'cross-entropy'?"),
    (["train", "lenet5", "digits", "--init", "glorott"], "did you mean 'glorot'?"),
    (["train", "lenet5", "digits", "--device", "cud"], "no device 'cud'; did you mean 'cuda'?"),
    (["train", "lenet5", "digits", "--engine", "torhc"], "did you mean 'torch'?"),
    (["train", "lenet5", "digits", "--bad-files", "skp"], "did you mean 'skip'?"),
    (["train", "input 1x8x8 -> fc 9", "digits"], "end the network with fc 10"),
    (["train", "input 1x8x8 -> zeropad 10 -> gap", "digits"], "no parameters to train; give it a layer"),
    (["train", "input 3x8x8x8 -> fc 10", "digits"], "the network reads 3x8x8x8 (3-D)"),
    (["train", "input 1x8x8 -> fc 4 -> bn -> fc 10", "digits", "--batch", "1"], "use --batch 2 or more"),
    (["resume", "nowhere"], "no run at nowhere: there is no such folder (looked in "),
    (["test", "nowhere"], "no run at nowhere"),
    (["predict", "nowhere", "a.png"], "no run at nowhere"),
    (["predict", "nowhere"], "Missing argument 'EXAMPLES...'"),
    (["see", "nowhere"], "no run at nowhere"),
]


@pytest.mark.parametrize(("words", "message"), WRONG)
def test_wrong_words(cli: Cli, words: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ended = cli(*words)
    assert ended.status == 2
    assert message in ended.error
    assert not list(tmp_path.iterdir()), "nothing is left behind"


def test_messages_are_one_line_but_for_the_place_in_a_text(cli: Cli) -> None:
    assert len(cli("train", "lenet5", "digits", "--optimizer", "sdg").error.splitlines()) == 1
    shown = cli("explain", "input 1x8x8 -> conv 3@9x9").error.splitlines()
    assert any(set(line.strip()) == {"^"} for line in shown), "which it points at"
    assert len(shown) <= 5


def folder(root: Path, *names: str, suffix: str = ".png") -> Path:
    """Two files in each of these sub-folders."""
    root.mkdir()
    for name in names:
        (root / name).mkdir()
        for number in range(2):
            path = root / name / f"{number}{suffix}"
            if suffix == ".png":
                Image.fromarray(np.full((8, 8), 90 * number, np.uint8)).save(path)
            else:
                path.write_text("text")
    return root


@pytest.mark.parametrize(
    ("names", "suffix", "message"),
    [
        ([], ".png", "no image in '{}': it is empty; put the images of each class in a sub-folder of its own"),
        (["one"], ".png", "'{}' has only one class, 'one'; put the images of each class in a sub-folder of its own"),
        (["one", "two"], ".doc", "no image in '{}': only 4 other files, such as '{}/one/0.doc'"),
        (["one", "two"], ".txt", "nothing can be set aside: no class has two sentences; give more sentences"),
    ],
)
def test_folders_that_are_no_data(cli: Cli, tmp_path: Path, names: list[str], suffix: str, message: str) -> None:
    root = folder(tmp_path / "data", *names, suffix=suffix)
    ended = cli("train", "lenet5", root, "--out", tmp_path / "run")
    assert ended.status == 2
    assert message.replace("{}", str(root)) in ended.error
    assert not (tmp_path / "run").exists()


def test_a_file_that_is_no_data(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "data.npz").write_bytes(b"PK no archive")
    (tmp_path / "data.doc").write_bytes(bytes(range(256)) * 9)
    (tmp_path / "data.csv").write_text("1,2,3")
    assert "is no archive of plain arrays" in cli("train", "lenet5", tmp_path / "data.npz").error
    assert "is a file that holds no data set" in cli("train", "lenet5", tmp_path / "data.doc").error
    assert "data.csv', line 1: no tab or space after a class; " in cli("train", "lenet5", tmp_path / "data.csv").error


def test_a_folder_that_is_no_run(cli: Cli, tmp_path: Path) -> None:
    for verb in ("test", "resume", "see"):
        ended = cli(verb, tmp_path)
        assert ended.status == 2
        reason = "it has no config.json and no model.safetensors; `striate train` makes one"
        assert ended.error == f"striate: {tmp_path} is no run: {reason}\n"


@pytest.mark.parametrize("verb", ["test", "predict"])
def test_a_run_without_weights(cli: Cli, run: Path, tmp_path: Path, verb: str) -> None:
    shutil.copytree(run, tmp_path / "run")
    for name in ("model.safetensors", "history.csv", "report.html", "checkpoint", "epochs"):
        path = tmp_path / "run" / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    ended = cli(verb, tmp_path / "run", "digits")
    assert (ended.status, len(ended.err.splitlines())) == (1, 1)
    assert "no weights yet: no epoch was finished" in ended.err


def test_a_folder_that_is_taken(cli: Cli, run: Path, tmp_path: Path) -> None:
    ended = cli("train", TINY, "digits", "--out", run)
    assert ended.status == 2
    way_out = "--overwrite replaces it, or choose another folder with --out"
    assert ended.err == f"striate: {run} exists already; {way_out}\n", "and no decisions before"
    (tmp_path / "notes.txt").write_text("mine")
    ended = cli("train", TINY, "digits", "--out", tmp_path, "--overwrite")
    assert ended.status == 2
    assert f"{tmp_path} exists already; choose another folder with --out" in ended.error
    assert (tmp_path / "notes.txt").read_text() == "mine"
    ended = cli("train", TINY, "digits", "--out", tmp_path / "notes.txt" / "run")
    assert ended.status == 2
    assert "can't be used: Not a directory" in ended.error


def test_data_with_other_classes(cli: Cli, run: Path, tmp_path: Path) -> None:
    ended = cli("test", run, folder(tmp_path / "data", "cat", "dog"))
    assert ended.status == 2
    assert "has a class 'cat' that the run has not learned; it knows 0, 1, 2" in ended.error


def test_data_that_are_not_there_are_of_the_task_of_the_run(cli: Cli, tmp_path: Path) -> None:
    data, run = written.cells(tmp_path / "data", 8, 4), tmp_path / "run"
    assert cli("train", "input 1x16x16 -> conv 2@3 pad 1", data, "--epochs", 1, "--out", run).status == 0
    for verb in ("test", "resume"):
        ended = cli(verb, run, "missing")
        assert ended.status == 2
        assert "no file or folder 'missing'; looked for " in ended.error
        assert "the task segment reads " in ended.error


def test_images_that_are_not_there(cli: Cli, run: Path, tmp_path: Path) -> None:
    assert "no file or folder 'missing.png'" in cli("predict", run, "missing.png").error
    (tmp_path / "text.png").write_text("text")
    ended = cli("predict", run, tmp_path / "text.png")
    assert ended.status == 2
    assert "text.png" in ended.error


# status 1


def test_a_loss_that_is_no_number(cli: Cli, tmp_path: Path) -> None:
    words = ("--lr", "1e9", "--optimizer", "sgd", "--out", tmp_path / "run")
    ended = cli("train", "input 1x8x8 -> fc 40 -> relu -> fc 10", "digits", *words)
    assert ended.status == 1
    blamed = (
        r"the loss is nan at epoch 1, batch \d+ of 21: the weights grew beyond all measure at a learning rate of \S+; "
    )
    assert re.search(blamed, ended.error)
    assert len(ended.error.splitlines()) == 1


def test_a_run_that_is_damaged_all_over(cli: Cli, run: Path) -> None:
    files = [run / "model.safetensors", *(run / "checkpoint").iterdir()]
    whole = [path.read_bytes() for path in files]
    for path in files:
        path.write_bytes(b"damaged")
    try:
        ended = cli("test", run)
        assert ended.status == 1
        assert all(path.name in ended.error for path in files)
    finally:
        for path, content in zip(files, whole, strict=True):
            path.write_bytes(content)
    assert cli("test", run).status == 0


def test_a_report_that_was_never_written(cli: Cli, run: Path, tmp_path: Path) -> None:
    (run / "report.html").rename(tmp_path / "kept")
    try:
        ended = cli("see", run, "--report")
        assert ended.status == 1
        assert "has no report.html" in ended.error
    finally:
        (tmp_path / "kept").rename(run / "report.html")


def test_stopped_by_ctrl_c_while_reading(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    from striate import data

    def stop(*args: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(data, "load", stop)
    ended = cli("train", TINY, "digits")
    assert ended.status == 1
    assert ended.err.strip() == "striate: stopped by Ctrl-C"
