"""Makes `foreign.json.gz`: names, shapes and a few logits of other libraries' networks under weights that names decide.

Needs torchvision or timm, in an environment of its own; nothing of the project or its tests imports them. A name is
torchvision's, or timm's under `timm/`. Rows of other names in the file stay. timm asks for torchvision when it is
imported but needs none of it for these networks.

    python make_fixture.py alexnet vgg11 … timm/vgg11 timm/resnet18 timm/seresnet50 …
"""

import gzip
import importlib
import json
import sys
from pathlib import Path
from typing import Any

import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).parent))
from by_name import tensor_for

FIXTURE = Path(__file__).parent / "foreign.json.gz"


def main(names: list[str]) -> None:
    """Writes the fixture beside this file."""
    rows: dict[str, Any] = json.loads(gzip.decompress(FIXTURE.read_bytes())) if FIXTURE.is_file() else {}
    for name in names:
        model = made(name).eval()
        entries = {key: list(value.shape) for key, value in model.state_dict().items()}
        model.load_state_dict({key: tensor_for(key, shape) for key, shape in entries.items()})
        with torch.inference_mode():
            logits = model(tensor_for("input", [1, 3, 224, 224]))
        rows[name] = {"entries": entries, "logits": logits[0, ::100].tolist(), "largest": float(logits.abs().max())}
        print(name, len(entries), rows[name]["largest"])
    FIXTURE.write_bytes(gzip.compress(json.dumps(rows).encode(), 9, mtime=0))


def made(name: str) -> nn.Module:
    """The network with weights at random."""
    if name.startswith("timm/"):
        model: nn.Module = importlib.import_module("timm").create_model(name.removeprefix("timm/"), pretrained=False)
        return model
    options = {"aux_logits": True, "init_weights": False} if name in ("googlenet", "inception_v3") else {}
    torchvisions: nn.Module = getattr(importlib.import_module("torchvision.models"), name)(**options)
    return torchvisions


if __name__ == "__main__":
    main(sys.argv[1:])
