"""What a user can get wrong is reported in one line, with the way out."""

import importlib
import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner

import striate
from striate.cli.step import command
from striate.errors import InputError
from striate.notation import NotationError
from striate.notation.tree import OWN
from striate.stepping import step

MATRIX, FILTER = "1 2; 3 4", "1 2; 3 4"


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ("1 2; 3", "input: all rows have the same length.* 2 first, but 1 in place 2"),
        ("1 2; 3 4 | 5 6", "input: all rows.*2x2 first, but 1x2"),
        ("1 2;; 3 4", "input: a row without numbers"),
        ("", "input: a row without numbers"),
        ("1 2; 3 x", "input: numbers are written 2, -1, 0.5, 1/3 or 1e-3.* Received: x"),
        ("nosuch.npy", "input: numbers .* characters; a file of text or JSON is given as @FILE. Received: nosuch.npy"),
        ("1/0", "a fraction is a whole number over another that is not 0"),
        ("1.5/2", "a fraction is a whole number"),
        ("1" * 41, "at most 40 characters"),
        ("1e999999999", "at most 40 characters"),
        ("1 / 2", "an input has maps, separated by"),
        ("[[1, 2], [3]]", "all rows have the same length"),
        ("[[1, 2], 3]", "all rows have the same length.* one number in place 2"),
        ("[1, NaN]", "numbers are written.* Received: NaN"),
        ("[true]", "numbers are written.* Received: True"),
        ("[null]", "numbers are written.* Received: None"),
        ('["1 2"]', "numbers are written"),
        ("[[", "input: not JSON"),
        ("[" * 50_000, "input: not JSON|more lists"),
        ("[" * 9 + "1" + "]" * 9, "lists nest deeper than the axes"),
        ("[]", "there are no numbers"),
        ('{"a": 1}', "there is no key 'input'. Received the keys: a"),
        ("{}", "Received the keys: none"),
        ("@no such file", "@no such file: can't be read .No such file or directory"),
        ("@", "can't be read"),
        ("@\0", "can't be read"),
        ("1 " * 4097, "at most 4,096 entries. Received: 4,097"),
        ("1 " * 600_000, "more than 1,000,000 characters"),
        (math.inf, "numbers are written"),
        ([math.nan], "numbers are written"),
        ([[1, 2], [3]], "all rows have the same length"),
        ([], "there are no numbers"),
    ],
)
def test_wrong_numbers(numbers: Any, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        step("relu", numbers)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("layer", "options", "message"),
    [
        ("conv 1@2x2", {}, "conv 1@2x2 needs weights; give 1x1x2x2 = 4 numbers"),
        ("conv 1@2x2", {"weights": "1 2 3"}, "weights: conv 1@2x2 takes 1x1x2x2 = 4 numbers. Received: 3 numbers"),
        ("conv 1@2x2", {"weights": "1 2 3 4"}, "rows by ';'"),
        ("conv 1@2x2", {"weights": "1 2; 3"}, "weights: all rows"),
        ("conv 1@2x2", {"weights": FILTER, "bias": "1 2"}, "bias: conv 1@2x2 takes 1 number. Received: 2 numbers"),
        ("conv 1@2x2 nobias", {"weights": FILTER, "bias": "1"}, "takes no bias; leave it out"),
        ("conv 1@2x2", {"weights": FILTER, "upstream": "1 2"}, "upstream: .* takes 1x1x1 = 1 numbers"),
        ("conv 1@2x2", {"weights": FILTER, "target": 1}, "takes no target"),
        ("conv 1@2x2 pad 100000", {"weights": FILTER}, "at most 100,000 products"),
        ("conv 1@2x2 dilate 1000 pad 500", {"weights": FILTER}, "at most 100,000 entries with the padding"),
        ("fc 10000000", {"weights": "1"}, "at most 100,000 products"),
        ("fc 2", {}, "fc 2 needs weights; give 2x4 = 8 numbers"),
        ("relu", {"weights": "1"}, "relu takes no weights; leave it out"),
        ("maxpool 2", {"im2col": True}, "maxpool 2 takes no im2col"),
        ("softmax", {"target": 0}, "softmax takes one row of scores"),
        ("relu -> fc 2", {}, "fc 2 needs fc1.weight; give fc1.weight, 2x4 = 8 numbers, or a `seed` that draws them"),
        ("fc 2 -> fc 3", {"weights": "1"}, "several layers take some; name them by `given`: fc1.weight, fc2.weight"),
        ("fc 2", {"given": {"wieght": "1"}, "seed": 1}, "no layer takes 'wieght'; they take: weight.*did you mean"),
        ("fc 2 -> relu", {"given": {"weight": "1"}, "seed": 1}, "no layer takes 'weight'; they take: fc1.weight"),
        ("relu -> relu", {"weights": "1"}, "takes no weights; leave it out$"),
        ("bn", {"weights": "1 2", "given": {"mean": "1"}}, "weights: bn takes 1 number. Received: 2 numbers"),
        ("bn", {"given": {"mean": "1"}}, "bn takes running_mean and running_var together, or neither"),
        ("attention 1", {"weights": "1"}, "takes no weights; leave it out; it takes qkv.weight, .*by `given`"),
        ("relu -> gap", {"im2col": True}, "relu -> gap takes no im2col; leave it out, or step through one conv"),
        ("relu", {"lr": 0.1}, "a rate moves weights along their gradient; give a `target` or an `upstream` too"),
        ("relu", {"lr": "x", "upstream": MATRIX}, "lr: numbers are written"),
        ("relu", {"loss": "mean"}, "loss is cross-entropy or squared. Received: 'mean'"),
        ("relu", {"loss": "mse"}, "did you mean 'squared'"),
        ("relu", {"loss": "squared"}, "loss squared compares with a `target`; give one"),
        ("relu", {"target": "1 2"}, "target: the squared error takes 1x2x2 = 4 numbers. Received: 2 numbers"),
        ("relu", {"seed": -1}, "seed is a whole number from 0. Received: -1"),
        ("heads[ a: gap | b: gmp ]", {"target": 0}, "a loss and an upstream need one output, and heads give several"),
        ("id -> dropout 0.5", {"training": True}, "dropout draws a mask while training; give a `seed`"),
        ("roipool 1", {}, "roipool 1 needs box; give 4 numbers, or a `seed` that draws them"),
        ("roipool 1", {"given": {"box": "1 1 0 0"}}, "box: left, top, right, bottom .*Received: 1 1 0 0"),
        ("id -> roipool 1 from a", {}, "no label 'a'|a step cuts a box out of one map"),
        ("embed 3x2", {}, "embed reads a row of word numbers"),
        ("conv 1@1 -> gn 1 -> fc 99999", {"seed": 1}, "at most 100,000 products; .* 399,996 for fc 99999"),
        ("aux[ gap ]", {"upstream": MATRIX}, "the output is what comes in; write a layer"),
    ],
)
def test_wrong_layers_and_options(layer: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        step(layer, MATRIX, **options)
    assert "\n" not in str(caught.value) or isinstance(caught.value, NotationError)


@pytest.mark.parametrize("layer", ["cnv 1@2x2", "conv 1@9x9", "", "conv 1@2x2 strde 2", "maxpool 2x2x2", "conv N@2"])
def test_the_notation_points_at_the_place(layer: str) -> None:
    with pytest.raises(NotationError, match=r"\n +input 1x2x2 ->.*\n +\^"):
        step(layer, MATRIX)


def test_a_module_of_ones_own() -> None:
    known = dict(OWN)
    striate.register("twice", lambda channels: torch.nn.Conv2d(channels, channels, 1))
    try:
        with pytest.raises(InputError, match="a step can't look into twice, a module of your own"):
            step("twice -> relu", MATRIX)
    finally:
        OWN.clear()
        OWN.update(known)


def test_targets_and_parts() -> None:
    with pytest.raises(InputError, match=r"one of the 3 entries, 0 to 2\. Received: 3"):
        step("softmax", "1 2 3", target=3)
    with pytest.raises(InputError, match="only one of the two"):
        step("softmax", "1 2 3", target=1, upstream="1 2 3")
    with pytest.raises(InputError, match="relu has no part 'dE/dW'; it has O, dE/dX; did you mean 'dE/dX'"):
        step("relu", "1 2 3")["dE/dW"]


@pytest.mark.parametrize("target", ["a", 1.5, True])
def test_a_target_that_is_no_number_of_an_entry(target: Any) -> None:
    with pytest.raises(InputError, match=f"^target is the number of an entry, from 0. Received: {target!r}$"):
        step("softmax", "1 2 3", target=target)


def test_a_layer_that_is_no_text() -> None:
    with pytest.raises(InputError, match=r"^a layer is a text, as in 'conv 1@2x2'\. Received: int$"):
        step(5, "1 2 3")  # type: ignore[arg-type]


@pytest.mark.parametrize("numbers", ['{"input": 5}', '{"input": "5"}', "[5]", "5", 5, [5], "5;"])
def test_one_number_in_many_ways(numbers: Any) -> None:
    assert step("relu", numbers)["O"].entries[0].value == 5


def test_the_verb() -> None:
    words = ["conv 1@2", "--input", "-1 2 3", "--weights", "-1 1/3", "--bias", "-1", "--im2col"]
    result = CliRunner().invoke(command, words)
    assert result.exit_code == 0, result.output
    assert "O[0] = (-1)*(-1) + 2*(1/3) + (-1) = 2/3" in result.output
    document = json.loads(CliRunner().invoke(command, [*words, "--json"]).output)
    assert [part["name"] for part in document["parts"]] == ["O", "dE/dW", "dE/dX", "dE/db"]
    assert document["parts"][0]["values"] == [pytest.approx([2 / 3, -2])]
    assert document["parts"][1]["values"] is None
    assert document["im2col"]["columns"] == [[-1, 2], [2, 3]]
    document = json.loads(CliRunner().invoke(command, ["softmax", "--input", "1 2", "--target", "1", "--json"]).output)
    assert document["parts"][1]["values"] == pytest.approx(math.log(1 + math.exp(-1)))


def test_the_exit_status(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "striate", "step", "conv 1@2x2", "--input", "1 2; 3", "--weights", "1"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("striate: input: all rows have the same length")
    assert done.stdout == ""


def test_it_is_the_function() -> None:
    importlib.import_module("striate.cli.step")
    assert striate.step is step


@pytest.mark.parametrize(
    ("layer", "options", "message"),
    [
        ("relu", {}, "what comes in is missing: give an `input`, or begin the text with input 1x4x4 and a `seed`"),
        ("input 2x2 -> relu", {}, "what comes in is missing: give an `input`, or a `seed` that draws it"),
        ("input 1x?x? -> gap", {"seed": 1}, "a step has one input, and every size of it is a number"),
        ("a: input 2\ninput 2 -> concat[ from a | id ]", {"seed": 1}, "a step has one input"),
        ("input 1x64x65 -> relu", {"seed": 1}, "at most 4,096 entries. Received: 4,160"),
        ("input 1x64x64 -> ln -> gn 1", {"seed": 1}, "normalises a single channel|at most 100,000 products"),
        ("input 1x64x64 -> gn 1", {"seed": 1}, "at most 100,000 products; use a smaller example"),
        ("input 3 -> relu", {"input": "1 2"}, "input: the input takes 3 numbers. Received: 2 numbers"),
        ("a: input 3 -> from a", {"seed": 1}, "a step shows layers, and the text has none"),
        ("embed 3x2", {"input": "0 3", "seed": 1}, "embed 3x2 reads whole numbers from 0 to 2, .* Received: 3"),
        ("embed 3x2", {"input": "0.5", "seed": 1}, "reads whole numbers"),
        ("bn", {"input": "1"}, "bn takes the mean and the variance over the entries of each map"),
        (
            "fc 2 -> softmax",
            {"input": "1", "seed": 1, "target": 2},
            "target: one of the 2 entries, 0 to 1. Received: 2",
        ),
        ("fc 2 -> gelu", {"input": "1", "seed": 1, "target": "x"}, "target is the number of an entry"),
    ],
)
def test_wrong_chains(layer: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        step(layer, **options)
