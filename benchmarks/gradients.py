"""Gradients of the last layer and per-sample gradients of the whole model, for all of MNIST.

Run: python benchmarks/gradients.py [--rows 60000] [--threads N]

Both take the same images in the same run. `torch.func.vmap(grad)` computes each row's gradient
with respect to all 693,962 parameters of the CNN; the gradients are discarded batch by batch, since
all of them would not fit in memory.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from datasets import mnist
from side_by_side import print_table
from torch.func import functional_call, grad, vmap
from torch.nn.functional import cross_entropy
from torch.utils.data import TensorDataset

from coresift.torch import cnn, last_layer_gradients
from coresift.torch._gradients import N_COMPONENTS


def images(n_rows: int) -> TensorDataset:
    data = mnist().minmax().first(n_rows)
    rows = torch.from_numpy(data.X).reshape(-1, 1, 28, 28)
    labels = torch.from_numpy(data.y.astype(np.int64))
    return TensorDataset(rows.contiguous(memory_format=torch.channels_last), labels)


def per_sample(model: torch.nn.Module, data: TensorDataset, batch_size: int = 64) -> Any:
    """Return the last layer's bias gradient of each row: the gradient by its output."""
    parameters = {name: value.detach() for name, value in model.named_parameters()}

    def loss(values: Any, x: Any, y: Any) -> Any:
        return cross_entropy(functional_call(model, values, (x[None],)), y[None])

    each = vmap(grad(loss), in_dims=(None, 0, 0))
    starts = range(0, len(data), batch_size)
    found = [each(parameters, *data[at : at + batch_size])["6.bias"] for at in starts]
    return torch.cat(found).numpy()


def timed(function: Callable[[], Any]) -> tuple[Any, float, float]:
    start, used = time.perf_counter(), time.process_time()
    result = function()
    return result, time.perf_counter() - start, time.process_time() - used


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=60_000)
    parser.add_argument("--threads", type=int)
    arguments = parser.parse_args()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    data, model = images(arguments.rows), cnn(28, 28, 10)
    last_layer_gradients(model, TensorDataset(*data[:512]))
    per_sample(model, TensorDataset(*data[:64]))
    whole = timed(lambda: per_sample(model, data))
    ours = {
        "by logits": timed(lambda: last_layer_gradients(model, data).errors),
        f"by weights, projected to {N_COMPONENTS}": timed(
            lambda: last_layer_gradients(model, data, wrt="weights").errors
        ),
    }
    lines = [["vmap(grad), whole model", f"{whole[1]:.2f}", f"{whole[2]:.2f}", "1", "-"]]
    for name, (errors, taken, used) in ours.items():
        apart = float(np.abs(errors - whole[0]).max())
        ratio = f"{whole[1] / taken:.1f}"
        lines.append([name, f"{taken:.2f}", f"{used:.2f}", ratio, f"{apart:.1e}"])
    columns = ["gradients", "seconds", "processor s", "times as fast", "largest difference"]
    print_table(f"{len(data):,} images, CNN, {torch.get_num_threads()} threads", columns, lines)


if __name__ == "__main__":
    main()
