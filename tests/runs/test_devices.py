"""Where to compute: what is there, and what is refused."""

import pytest
import torch

from striate.errors import InputError
from striate.runs import devices


def test_the_fastest_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    for cuda, mps, fastest in ((True, True, "cuda"), (False, True, "mps"), (False, False, "cpu")):
        monkeypatch.setattr(torch.cuda, "is_available", lambda cuda=cuda: cuda)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda mps=mps: mps)
        assert devices.device("auto") == torch.device(fastest)


def test_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert devices.device("cpu") == torch.device("cpu")
    assert devices.device("cuda:1") == torch.device("cuda:1")
    for name, reason in (
        ("cuda:2", "no device 'cuda:2'; the last one here is cuda:1"),
        ("cuda:x", "no device 'cuda:x'; a number follows the colon, as in cuda:1"),
        ("cudda", "no device 'cudda'; did you mean 'cuda'.; there are auto, cpu, cuda, mps"),
        ("", "no device ''; there are"),
    ):
        with pytest.raises(InputError, match=reason):
            devices.device(name)


def test_what_this_machine_has_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(InputError, match="this machine has no 'cuda:0' that PyTorch can use; try `device='cpu'`"):
        devices.device("cuda:0")


def test_engines() -> None:
    assert [devices.engine(name) for name in devices.ENGINES] == ["auto", "torch", "native"]
    with pytest.raises(InputError, match=r"no engine 'torhc'; did you mean 'torch'.; there are auto, torch, native"):
        devices.engine("torhc")
