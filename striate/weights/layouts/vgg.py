"""AlexNet and VGG, chains without branches.

>>> from torch.nn import Conv2d, Linear, MaxPool2d, ReLU
>>> sequential({"conv1": Conv2d(1, 1, 1), "relu1": ReLU(), "maxpool1": MaxPool2d(2), "fc1": Linear(1, 1)})
{'conv1': 'features.0', 'fc1': 'classifier.0'}
"""

from torch import nn

from striate.weights.layouts.roles import Names, Roles

POOLS = (nn.MaxPool2d, nn.AvgPool2d)


def sequential(roles: Roles) -> Names | None:
    """torchvision's AlexNet and VGG: `features.N`, then `classifier.N` after the last pool."""
    pools = [i for i, module in enumerate(roles.values()) if isinstance(module, POOLS)]
    if not pools:
        return None
    first = pools[-1] + 1
    names = (f"features.{i}" if i < first else f"classifier.{i - first}" for i in range(len(roles)))
    return {role: name for (role, module), name in zip(roles.items(), names, strict=True) if module.state_dict()}


def timm_vgg(roles: Roles) -> Names | None:
    """timm's VGG: `features.N`, then `pre_logits.fc1`, `pre_logits.fc2`, `head.fc`."""
    names = sequential(roles)
    if names is None:
        return None
    dense = [role for role, name in names.items() if name.startswith("classifier")]
    return {**names, **dict(zip(dense, ("pre_logits.fc1", "pre_logits.fc2", "head.fc"), strict=False))}
