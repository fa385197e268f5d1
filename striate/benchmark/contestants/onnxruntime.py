"""ONNX Runtime on our exported module, with as many threads as PyTorch uses."""

from __future__ import annotations

import tempfile
from pathlib import Path

import torch

from striate.benchmark.contestants.base import Job
from striate.benchmark.contestants.contestant import Turn
from striate.benchmark.contestants.exported import export


def inference(job: Job) -> Turn:
    """Outputs in float32, with all its graph optimisations (the default).

    Raises:
        Unable: It is asked to run on a device other than the CPU.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 3
    with tempfile.TemporaryDirectory() as folder:
        path = export(job, Path(folder))
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    batches = [images.numpy() for images, _ in job.slices()]

    def turn(count: int) -> None:
        for images in batches[:count]:
            session.run(None, {"images": images})

    return turn
