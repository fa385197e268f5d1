"""Looking inside any `nn.Module`: what its layers hold, what they give, and what an answer comes from.

Each function takes the module as it is. Hooks are removed, modes put back and no gradients left behind; layers are
named as `named_modules()` names them. Results hold tensors and draw themselves: `.picture()`, `.save("a.png")`.

>>> import torch
>>> from torch import nn
>>> model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 10))
>>> grad_cam(model, torch.rand(2, 1, 8, 8), 7).map.shape
torch.Size([2, 6, 6])
"""

from striate.inside.aims import Aim, Class, Unit
from striate.inside.arithmetic import Term, Work, worked
from striate.inside.attribution import Attribution
from striate.inside.class_maps import NoCamError, cam
from striate.inside.deconvolution import deconvnet
from striate.inside.field import ReceptiveField, receptive_field
from striate.inside.gradcam import grad_cam
from striate.inside.guided import guided_backprop
from striate.inside.heat import Heat
from striate.inside.integrated import Integrated, integrated_gradients
from striate.inside.maps import FeatureMaps, feature_maps
from striate.inside.maximising import Dream, Regularisers, maximise
from striate.inside.occluding import Occlusion, occlusion
from striate.inside.patches import TopPatches, top_patches
from striate.inside.scatter import Embedding, embedding
from striate.inside.selectivity import UnitClasses, unit_classes
from striate.inside.sensitivity import saliency
from striate.inside.smoothed import smooth_grad
from striate.inside.tracing import Call, Trace, traced
from striate.inside.weights import Filters, filters
from striate.inside.words import WordScores, word_scores

__all__ = [
    "Aim",
    "Attribution",
    "Call",
    "Class",
    "Dream",
    "Embedding",
    "FeatureMaps",
    "Filters",
    "Heat",
    "Integrated",
    "NoCamError",
    "Occlusion",
    "ReceptiveField",
    "Regularisers",
    "Term",
    "TopPatches",
    "Trace",
    "Unit",
    "UnitClasses",
    "WordScores",
    "Work",
    "cam",
    "deconvnet",
    "embedding",
    "feature_maps",
    "filters",
    "grad_cam",
    "guided_backprop",
    "integrated_gradients",
    "maximise",
    "occlusion",
    "receptive_field",
    "saliency",
    "smooth_grad",
    "top_patches",
    "traced",
    "unit_classes",
    "word_scores",
    "worked",
]
