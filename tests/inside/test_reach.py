"""What reaches what, beside the receptive field of the whole network and beside what really changes."""

import pytest
import torch

import striate as st
from striate.inside import Unit, receptive_field, traced
from striate.inside.reach import Reach

NETS = [("lenet5", 32), ("resnet20", 32), ("googlenet", 64), ("densenet121", 64), ("se-resnet50", 64)]


@pytest.mark.parametrize(("name", "side"), NETS)
def test_the_input_that_reaches_an_entry_is_its_receptive_field(name: str, side: int) -> None:
    model = st.build(name, seed=0).eval()
    shape = (st.net(name).input[0] or 1, side, side)
    reach, layers = Reach(model, shape), dict(model.named_modules())
    maps = [call for call in reach.trace.calls if call.path in layers and reach.trace.values[call.gives[0]].dim() == 4]
    for call in maps[:: max(1, len(maps) // 4)]:
        spatial = reach.trace.values[call.gives[0]].shape[2:]
        for place in ((0, 0), (spatial[0] // 2, spatial[1] // 3)):
            true = receptive_field(model, shape, Unit(call.path, 1, place))
            mask = reach.sources(call.gives[0], (1, *place))[0]
            assert torch.equal(mask.any(0), true.mask), call.name
            assert tuple(mask.flatten(1).any(1).nonzero().flatten().tolist()) == true.channels


def test_targets_are_what_changes() -> None:
    model = st.build("lenet5", seed=0).eval()
    x = torch.rand(1, 1, 32, 32)
    trace, reach = traced(model, x), Reach(model, (1, 32, 32))
    for value, at in [(0, (0, 9, 17)), (1, (2, 4, 5)), (3, (5, 0, 13)), (6, (15, 4, 0))]:
        call = next(call for call in trace.calls if value in call.reads)
        changed = trace.values[value].clone()
        changed[(0, *at)] += 1
        with torch.no_grad():
            differs = (call.again([changed]) != call.again([trace.values[value]]))[0]
        assert torch.equal(reach.targets(value, at)[call.gives[0]], differs)


def test_a_word_reaches_the_windows_that_read_it() -> None:
    reach = Reach(st.build("input 7 -> embed 20x5 -> conv 3@3 -> relu -> fc 2", seed=0), (7,))
    words = [set(reach.sources(value, at)[0].nonzero().flatten().tolist()) for value, at in [(1, (4, 6)), (2, (2, 3))]]
    assert words == [{6}, {3, 4, 5}]
    assert reach.targets(0, (6,))[1].nonzero()[:, 1].unique().tolist() == [6]


def test_what_is_found_in_steps_has_no_sources() -> None:
    class Ranked(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.argsort(1).float()

    assert set(Reach(Ranked(), (4,)).sources(1, (2,))) == {1}


def test_places_that_are_not_there_are_refused() -> None:
    reach = Reach(st.build("lenet5", seed=0), (1, 32, 32))
    for at in ((6, 0, 0), (0, 28, 0), (0, 0), (-1, 0, 0)):
        with pytest.raises(st.InputError, match="position"):
            reach.sources(1, at)


def test_the_model_stays_as_it_is() -> None:
    model = st.build("lenet5", seed=0)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    Reach(model, (1, 32, 32))
    assert model.training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
