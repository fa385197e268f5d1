"""What Captum computes too, it computes the same: relative difference at most 1e-4."""

import pytest
import torch
from captum import attr
from torch import Tensor, nn

from striate import inside
from tests.inside.models import MODELS, Separate, close, drawn

Case = tuple[nn.Module, nn.Module, Tensor]
CLASS = 3
LAYERS = {"lenet5": "avgpool2", "resnet20": "conv1", "gap": "relu2", "foreign": "pool"}

pytestmark = pytest.mark.filterwarnings("ignore:.*hooks.*:UserWarning", "ignore:.*required_grads.*:UserWarning")


@pytest.fixture(params=MODELS)
def case(request: pytest.FixtureRequest) -> Case:
    """A model for us, the same for Captum, and two inputs."""
    make, shape = MODELS[request.param]
    ours, theirs = make(), make()
    if request.param == "foreign":  # Captum takes no module twice
        theirs = Separate().eval()
        theirs.load_state_dict(ours.state_dict())
    return ours, theirs, drawn(2, *shape)


def test_saliency(case: Case) -> None:
    ours, theirs, x = case
    expected = attr.Saliency(theirs).attribute(x.clone(), target=CLASS, abs=False)
    assert close(inside.saliency(ours, x, CLASS).values, expected)


def test_integrated_gradients(case: Case) -> None:
    ours, theirs, x = case
    expected, delta = attr.IntegratedGradients(theirs).attribute(
        x.clone(), baselines=0.3, target=CLASS, n_steps=20, return_convergence_delta=True
    )
    found = inside.integrated_gradients(ours, x, CLASS, baseline=0.3, steps=20)
    assert close(found.values, expected.to(x.dtype))
    assert torch.allclose(found.error, delta.to(x.dtype), atol=1e-4)


def test_guided_backpropagation(case: Case) -> None:
    ours, theirs, x = case
    expected = attr.GuidedBackprop(theirs).attribute(x.clone(), target=CLASS)
    assert close(inside.guided_backprop(ours, x, CLASS).values, expected)


def test_deconvnet(case: Case) -> None:
    """Captum projects a 1, the paper the activation."""
    ours, theirs, x = case
    expected = attr.Deconvolution(theirs).attribute(x.clone(), target=CLASS)
    found = inside.deconvnet(ours, x, CLASS)
    assert close(found.values / found.scores.view(-1, 1, 1, 1), expected)


def test_grad_cam(case: Case, request: pytest.FixtureRequest) -> None:
    ours, theirs, x = case
    layer = LAYERS[request.node.callspec.params["case"]]
    expected = attr.LayerGradCam(theirs, theirs.get_submodule(layer)).attribute(
        x.clone(), CLASS, relu_attributions=True
    )
    assert close(inside.grad_cam(ours, x, CLASS, layer=layer).map, expected[:, 0].detach())


@pytest.mark.parametrize(("window", "stride"), [(4, 4), (5, 3)])
def test_occlusion(case: Case, window: int, stride: int) -> None:
    ours, theirs, x = case
    expected = attr.Occlusion(theirs).attribute(
        x, (x.shape[1], window, window), (x.shape[1], stride, stride), 0.2, CLASS, perturbations_per_eval=16
    )
    found = inside.occlusion(ours, x, CLASS, window=window, stride=stride, value=0.2)
    assert close(found.map, expected[:, 0].to(x.dtype))


def test_smooth_grad(case: Case) -> None:
    """Captum draws its noise from the global state: of one example at a time, the same numbers."""
    ours, theirs, x = case
    x = x[:1]
    spread = 0.1 * float(x.max() - x.min())
    torch.manual_seed(5)
    expected = attr.NoiseTunnel(attr.Saliency(theirs)).attribute(
        x.clone(), nt_samples=8, nt_samples_batch_size=1, stdevs=spread, target=CLASS, abs=False
    )
    assert close(inside.smooth_grad(ours, x, CLASS, samples=8, noise=0.1, seed=5).values, expected)
