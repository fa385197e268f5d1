"""Top patches of every map at once are those that `inside.top_patches` finds for one."""

import pytest
import torch

import striate as st
from striate import inside
from striate.page.application import Application
from striate.page.strongest import Examples, Strongest
from tests.page.looking import Seen
from tests.page.test_live import asked, live


def test_patches_of_every_map() -> None:
    model = st.build("lenet5", seed=0).eval()
    x = torch.rand(50, 1, 32, 32, generator=torch.Generator().manual_seed(0))
    page = live(model, 1, 32, 32)
    search = Strongest(page, lambda: Examples(len(x), lambda: [x[:20], x[20:]]))
    search.wait()
    for call in (call for call in page.graph()["calls"] if call["name"] in ("conv1", "conv2", "tanh2", "avgpool2")):
        for channel in (0, 5):
            true = inside.top_patches(model, [x], call["name"], channel)
            seen = Seen.of(search.patches(call["gives"][0], channel))
            found = seen.header["found"]
            assert seen.header["done"] == seen.header["total"] == 50
            assert [one["activation"] for one in found] == pytest.approx(true.values, rel=1e-5)
            assert [one["example"] for one in found] == list(true.examples)
            assert [tuple(map(tuple, one["box"])) for one in found] == list(true.boxes)
            for rank, patch in enumerate(true.patches):
                torch.testing.assert_close(torch.from_numpy(seen.values[rank].copy()), patch)


def test_examples_that_can_not_be_read_are_said() -> None:
    def missing() -> Examples:
        raise st.InputError("the data are gone")

    search = Strongest(live(st.build("lenet5", seed=0), 1, 32, 32), missing)
    search.wait()
    with pytest.raises(st.InputError, match="are gone"):
        search.patches(1, 0)


@pytest.mark.parametrize("kept", [3, 0])
def test_a_search_ends_where_some_can_not_be_read(kept: int) -> None:
    search = Strongest(
        live(st.build("lenet5", seed=0), 1, 32, 32), lambda: Examples(5, lambda: [torch.zeros(kept, 1, 32, 32)])
    )
    search.wait()
    if kept:
        assert len(Seen.of(search.patches(1, 0)).header["found"]) == kept
    else:
        with pytest.raises(st.InputError, match="no such map"):
            search.patches(1, 0)


def test_an_error_of_any_kind_ends_it_and_is_said() -> None:
    search = Strongest(live(st.build("lenet5", seed=0), 1, 32, 32), lambda: Examples(5, lambda: [torch.zeros(1, 7)]))
    search.wait()
    with pytest.raises(st.InputError):
        search.patches(1, 0)


def test_wrong_questions_get_a_line() -> None:
    page = live(st.build("lenet5", seed=0), 1, 32, 32)
    assert asked(Application(page), "/patches", value="1", map="0").status == 422
    application = Application(page, lambda: Examples(1, lambda: [torch.zeros(1, 1, 32, 32)]))
    asked(application, "/patches", value="1", map="0")
    application._search().wait()
    assert asked(application, "/patches", value="1", map="0").status == 200
    for value, number in (("1", "6"), ("99", "0"), ("-1", "0"), ("0", "0"), ("x", "0")):
        assert asked(application, "/patches", value=value, map=number).status == 422
