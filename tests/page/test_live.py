"""What the page is sent equals what PyTorch computes, and wrong questions get one line."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F

import striate as st
from striate import inside
from striate.inside import Unit
from striate.page.application import Answer, Application
from striate.page.live import Live
from striate.page.overlays import backpropagated, overlay
from striate.page.seeing import of_module, of_run
from tests.page.looking import Seen


def live(model: nn.Module, *shape: int) -> Live:
    return of_module(model.eval(), shape, (), None)


def picture(width: int, height: int, seed: int = 0) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8))


def png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def outputs(model: nn.Module) -> dict[str, torch.Tensor]:
    """Filled with what each layer gives when the model runs."""
    found: dict[str, torch.Tensor] = {}
    for name, module in model.named_modules():
        if not list(module.children()):
            module.register_forward_hook(lambda m, a, y, name=name: found.update({name: y.detach().clone()}))
    return found


@pytest.mark.parametrize(("name", "shape"), [("lenet5", (1, 32, 32)), ("resnet20", (3, 32, 32))])
def test_every_value_of_a_small_network_is_pytorchs(name: str, shape: tuple[int, ...]) -> None:
    model = st.build(name, seed=0).eval()
    page, image = live(model, *shape), picture(50, 40)
    graph = page.graph()
    frame = page.look(image, range(len(graph["calls"]) + 1))
    seen = Seen.of(frame.as_bytes())
    truth = outputs(model)
    with torch.no_grad():
        answer = model(page.read(image))[0].softmax(0)
    layers = [call for call in graph["calls"] if call["name"] in truth]
    assert len(layers) == len(truth)
    for call in layers:
        number, true = call["gives"][0], truth[call["name"]][0]
        if true.dim() == 3:
            assert torch.equal(page.map(frame.number, number, len(true) - 1), true[-1])
        if seen.values[number].size == true.numel():
            np.testing.assert_array_equal(seen.values[number].reshape(true.shape), true)
    best = seen.header["answer"][0]
    assert best["label"] == str(int(answer.argmax()))
    assert best["probability"] == pytest.approx(float(answer.max()), rel=1e-5)


def test_large_values_are_sent_small_and_given_whole_when_asked() -> None:
    model = st.build("vgg11", seed=0).eval() if "vgg11" in st.zoo.names() else st.build("alexnet", seed=0).eval()
    page = live(model, 3, 224, 224)
    graph = page.graph()
    first = graph["calls"][0]["gives"][0]
    frame = page.look(picture(300, 200), [0, first])
    seen, true = Seen.of(frame.as_bytes()), outputs(model)
    with torch.no_grad():
        model(page.read(picture(300, 200)))
    value = true[graph["calls"][0]["name"]][0]
    assert seen.header["values"][1]["shape"] == list(value.shape)
    assert seen.values[first].size < value.numel()
    assert torch.equal(page.map(frame.number, first, 5), value[5])


def test_every_card_gives_what_others_read() -> None:
    for name in ("lenet5", "googlenet", "densenet121"):
        shape = st.net(name).input
        graph = live(st.build(name, seed=0), shape[0] or 1, *([shape[1] or 1] * 2)).graph()
        given = set(range(graph["inputs"]))
        for card in graph["cards"]:
            assert set(card["reads"]) <= given, card["name"]
            given |= set(card["gives"])
        assert [number for card in graph["cards"] for number in card["calls"]] == list(range(len(graph["calls"])))
        assert len(graph["cards"]) <= 40


def test_what_is_folded_can_be_opened() -> None:
    page = live(st.build("densenet121", seed=0), 3, 64, 64)
    folded = next(card for card in page.graph()["cards"] if "…" in card["name"])
    opened = page.graph(folded["path"].split(","))
    inside = [card for card in opened["cards"] if set(card["calls"]) < set(folded["calls"])]
    assert len(inside) > 1
    assert sum(len(card["calls"]) for card in inside) == len(folded["calls"])


@pytest.fixture(scope="module")
def application() -> Application:
    return Application(live(st.build("lenet5", seed=0), 1, 32, 32))


def asked(application: Application, path: str, method: str = "GET", body: bytes = b"", **words: str) -> Answer:
    return application.answer(method, path, {name: [value] for name, value in words.items()}, body)


def test_arithmetic_of_a_value(application: Application) -> None:
    answer = asked(application, "/look", "POST", png(picture(32, 32)), shown="0,1")
    frame = str(Seen.of(answer.body).header["frame"])
    work = asked(application, "/work", frame=frame, call="0", at="2,5,7")
    assert work.status == 200
    assert b'"how": "sum"' in work.body


@pytest.mark.parametrize(
    ("path", "words", "status"),
    [
        ("/work", {"frame": "-1", "call": "0", "at": "0,0,0"}, 422),
        ("/work", {"frame": "x", "call": "0", "at": "0,0,0"}, 422),
        ("/work", {"call": "0"}, 422),
        ("/map", {"frame": "999", "value": "0", "map": "0"}, 422),
        ("/links", {"frame": "999", "value": "0", "at": "0,0,0", "shown": "0"}, 422),
        ("/overlay", {"frame": "999", "how": "saliency"}, 422),
        ("/gradients", {"frame": "999", "label": "0", "shown": "0"}, 422),
        ("/diagram", {}, 422),
        ("/touch", {}, 405),
        ("/nothing", {}, 404),
        ("/../page.html", {}, 404),
        ("/live.py", {}, 404),
        ("/etc/passwd", {}, 404),
    ],
)
def test_wrong_questions_get_a_line(application: Application, path: str, words: dict[str, str], status: int) -> None:
    answer = asked(application, path, **words)
    assert answer.status == status
    assert b"error" in answer.body


@pytest.mark.parametrize("at", ["9,9,99", "0,0", "", "-1,0,0", "0,0,0,0", "1e9,0,0"])
def test_places_that_are_not_there_are_refused(application: Application, at: str) -> None:
    answer = asked(application, "/look", "POST", png(picture(32, 32)), shown="0")
    frame = str(Seen.of(answer.body).header["frame"])
    assert asked(application, "/work", frame=frame, call="0", at=at).status == 422
    assert asked(application, "/work", frame=frame, call="99", at="0,0,0").status == 422


def test_wrong_questions_about_a_frame_get_a_line(application: Application) -> None:
    answer = asked(application, "/look", "POST", png(picture(32, 32)), shown="0")
    frame = str(Seen.of(answer.body).header["frame"])
    for path, words in [
        ("/map", {"value": "1", "map": "0", "count": "65"}),
        ("/map", {"value": "1", "map": "6"}),
        ("/map", {"value": "99", "map": "0"}),
        ("/links", {"value": "1", "at": "6,0,0", "shown": "0"}),
        ("/links", {"value": "-1", "at": "0,0,0", "shown": "0"}),
        ("/links", {"value": "1", "at": "0,0,0"}),
        ("/overlay", {"how": "lime"}),
        ("/overlay", {"how": "saliency", "aim": "10"}),
        ("/overlay", {"how": "saliency", "aim": "99,0"}),
        ("/overlay", {"how": "saliency", "aim": "0,6"}),
        ("/overlay", {"how": "saliency", "aim": "0,0,0"}),
        ("/filters", {"call": "0", "channel": "1"}),
        ("/filters", {"call": "0", "channel": "-1"}),
        ("/filters", {"call": "1", "channel": "0"}),
        ("/filters", {"call": "99", "channel": "0"}),
        ("/gradients", {"label": "10", "shown": "0"}),
        ("/gradients", {"label": "-1", "shown": "0"}),
    ]:
        answer = asked(application, path, frame=frame, **words)
        assert (answer.status, answer.body.count(b"\n")) == (422, 0), (path, words)
    asked(application, "/look", "POST", png(picture(32, 32)), shown="0")
    assert asked(application, "/map", frame=frame, value="0", map="0").status == 204, "the picture has only changed"


def test_overlays_are_those_of_inside() -> None:
    model = st.build("resnet20", seed=0).eval()
    page, image = live(model, 3, 32, 32), picture(40, 40)
    frame, x = page.look(image, [0]), page.read(image)
    layer = next(n for n, call in enumerate(page.graph()["calls"]) if call["kind"] == "Conv2d")
    for method, aim, true in [
        ("gradcam", (3,), inside.grad_cam(model, x, 3).large[:, None]),
        ("saliency", (), inside.saliency(model, x).values),
        ("deconvnet", (layer, 2), inside.deconvnet(model, x, Unit(page.graph()["calls"][layer]["name"], 2)).values),
    ]:
        seen = Seen.of(overlay(page, frame.number, method, aim))
        np.testing.assert_allclose(seen.values[0], true[0].detach(), rtol=1e-5, atol=1e-6)


def test_gradients_of_the_loss_are_pytorchs() -> None:
    model = st.build("resnet20", seed=0).eval()
    page, image = live(model, 3, 32, 32), picture(40, 40)
    frame, x = page.look(image, [0]), page.read(image).requires_grad_()
    F.cross_entropy(model(x), torch.tensor([4])).backward()
    seen = Seen.of(backpropagated(page, frame.number, 4, [0]))
    assert x.grad is not None
    np.testing.assert_allclose(seen.values[0], x.grad[0], rtol=1e-5, atol=1e-5 * float(x.grad.abs().max()))


def test_filters_are_the_layers_weights() -> None:
    model = st.build("lenet5", seed=0).eval()
    page = live(model, 1, 32, 32)
    frame = page.look(picture(40, 40), [0])
    for number, call in enumerate(page.graph()["calls"]):
        if call["kind"] == "Conv2d":
            weight = model.get_submodule(call["path"]).weight
            assert call["reading"] == weight.shape[1]
            assert torch.equal(page.filters(frame.number, number, weight.shape[1] - 1), weight[:, -1])


def test_files_of_the_page(application: Application) -> None:
    for path in ("/", "/page.css", "/main.js", "/network.js"):
        assert asked(application, path).status == 200


def damaged() -> list[tuple[str, bytes]]:
    """Files as strangers send them."""
    image = picture(60, 40)
    files: list[tuple[str, bytes]] = [("empty", b""), ("text", b"hello " * 100), ("zeros", bytes(1000))]
    for kind in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"):
        file = io.BytesIO()
        image.save(file, kind)
        data = file.getvalue()
        files += [(f"{kind} cut to {share} %", data[: len(data) * share // 100]) for share in range(5, 100, 10)]
        files += [(f"{kind} broken at {at}", data[:at] + b"\xff\x00\xff" + data[at + 3 :]) for at in (0, 8, 30, 100)]
    for mode in ("1", "L", "LA", "P", "RGBA", "CMYK", "YCbCr", "LAB", "I", "I;16", "F"):
        made = Image.new(mode, (20, 30))
        for kind in ("PNG", "TIFF"):
            file = io.BytesIO()
            try:
                made.save(file, kind)
            except OSError:
                continue
            files.append((f"{mode} {kind}", file.getvalue()))
    for size in ((1, 1), (1, 3000), (100_000, 1), (3000, 3000)):
        files.append((f"{size}", png(Image.new("L", size))))
    files.append(("a bomb", png(Image.new("1", (30_000, 30_000)))))
    return files


def test_any_image_gets_an_answer_or_a_line(application: Application) -> None:
    files = damaged()
    assert len(files) >= 100
    found = set[int]()
    for name, data in files:
        answer = asked(application, "/look", "POST", data, shown="0,1")
        assert answer.status in (200, 422), (name, answer)
        if answer.status == 422:
            text = answer.body.decode()
            assert text.count("\n") == 0
            assert "Traceback" not in text
        found.add(answer.status)
    assert found == {200, 422}
    assert asked(application, "/look", "POST", png(picture(9, 9)), shown="0").status == 200


def test_a_module_of_ones_own_is_seen() -> None:
    class Two(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.left, self.right = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(3, 4, 1)
            self.last = nn.Linear(4, 2)

        def forward(self, x: torch.Tensor) -> Any:
            return self.last(torch.relu(self.left(x) + self.right(x)).mean((2, 3)))

    page = live(Two(), 3, 20, 20)
    assert [card["name"] for card in page.graph()["cards"]] == ["left", "right", "add", "relu", "mean", "last"]
    seen = Seen.of(page.look(picture(20, 20), [1, 2, 3]).as_bytes())
    np.testing.assert_allclose(seen.values[1] + seen.values[2], seen.values[3], rtol=1e-6)


def test_a_module_of_two_inputs_is_refused_at_once() -> None:
    class Both(nn.Module):
        def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
            return x + y

    with pytest.raises(st.InputError, match="can't read an input of shape"):
        st.see(Both(), (1, 8, 8), browser=False)


@pytest.mark.parametrize(
    ("shape", "why"), [(None, "say what the module reads"), ((3, 8), "say what"), ((5, 8, 8), "1, 3 or 4 channels")]
)
def test_what_can_not_be_seen_is_said(shape: Any, why: str) -> None:
    with pytest.raises(st.InputError, match=why):
        st.see(nn.Conv2d(5, 1, 1), shape, browser=False)


def test_a_softmax_at_the_end_is_taken_once(tmp_path: Path) -> None:
    run = st.train("input 1x8x8 -> fc 10 -> softmax", "digits", epochs=2, seed=0, out=tmp_path / "run", quiet=True)
    picture(8, 8).save(tmp_path / "picture.png")
    (wanted,) = run.predict(tmp_path / "picture.png")
    found = of_run(run).look(Image.open(tmp_path / "picture.png"), [0]).answer[0]
    assert found["label"] == wanted.label
    assert found["probability"] == pytest.approx(wanted.probability, rel=1e-4)


def test_a_module_in_training_is_seen_in_evaluation_and_stays_as_it_was() -> None:
    model = nn.Sequential(
        nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.Dropout(0.5), nn.Flatten(), nn.Linear(108, 4)
    ).train()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    page = of_module(model, (1, 8, 8), (), None)
    frame = page.look(picture(8, 8), [0, 1, 2])
    backpropagated(page, frame.number, 1, [0, 1])
    for call in (0, 1, 2):
        place = (1, 2, 3)
        assert page.work(frame.number, call, place)["value"] == pytest.approx(
            page.work(frame.number, call, place)["value"]
        )
    (link,) = (one for one in page.links(frame.number, 2, (0, 3, 3), [0]) if one["kind"] == "source")
    assert (link["rows"], link["columns"]) == ([3, 6], [3, 6]), (
        "the norm of a batch reaches no further than its weights"
    )
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
    assert model.training
    assert model[1].training


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_numbers_that_are_none_are_sent_as_json(number: float) -> None:
    class Odd(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.flatten(1)[:, :3] * 0 + number

    page = of_module(nn.Sequential(Odd()).eval(), (1, 8, 8), ("a", "b", "c"), None)
    application = Application(page)
    sent = application.answer("POST", "/look", {"shown": ["0,1"]}, png(picture(8, 8)))
    assert sent.status == 200
    length = int.from_bytes(sent.body[:4], "little")
    header = json.loads(sent.body[4 : 4 + length], parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))
    assert [one["number"] for one in header["values"]] == [0, 1]


def test_an_error_that_nobody_thought_of_is_told_and_the_server_lives_on(monkeypatch: pytest.MonkeyPatch) -> None:
    application = Application(of_module(nn.Conv2d(1, 1, 1).eval(), (1, 8, 8), (), None))
    with monkeypatch.context() as patch:
        patch.setattr(Live, "graph", lambda self, opened: 1 / 0)
        answer = application.answer("GET", "/graph", {}, b"")
    assert (answer.status, json.loads(answer.body)) == (500, {"error": "ZeroDivisionError: division by zero"})
    assert application.answer("GET", "/graph", {}, b"").status == 200
