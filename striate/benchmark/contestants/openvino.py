"""OpenVINO on our exported module, with as many threads as PyTorch uses."""

from __future__ import annotations

import tempfile
from pathlib import Path

import torch

from striate.benchmark.contestants.base import Job
from striate.benchmark.contestants.contestant import Turn
from striate.benchmark.contestants.exported import export


def inference(job: Job, bf16: bool = False) -> Turn:
    """Outputs, one batch after another.

    Raises:
        Unable: It is asked to run on a device other than the CPU.
    """
    import openvino

    settings = {
        "PERFORMANCE_HINT": "LATENCY",  # all threads work on one batch
        "INFERENCE_PRECISION_HINT": "bf16" if bf16 else "f32",
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
    }
    with tempfile.TemporaryDirectory() as folder:
        path = export(job, Path(folder))
        compiled = openvino.compile_model(path, "CPU", settings)
    request = compiled.create_infer_request()
    batches = [images.numpy() for images, _ in job.slices()]

    def turn(count: int) -> None:
        for images in batches[:count]:
            request.infer({0: images}, share_inputs=True, share_outputs=True)

    return turn
