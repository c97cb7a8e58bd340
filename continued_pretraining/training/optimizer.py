"""AdamW with a schedule; its state goes in and out as plain tensors."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn


def make_optimizer(
    named: Iterable[tuple[str, nn.Parameter]],
    rate: float,
    betas: tuple[float, ...],
    weight_decay: float,
) -> torch.optim.AdamW:
    """AdamW in which only matrices decay, not biases and norms."""
    decaying: list[nn.Parameter] = []
    free: list[nn.Parameter] = []
    for _, parameter in named:
        if parameter.requires_grad:
            (decaying if parameter.dim() > 1 else free).append(parameter)
    groups = [
        {"params": decaying, "weight_decay": weight_decay},
        {"params": free, "weight_decay": 0.0},
    ]
    first, second = betas
    return torch.optim.AdamW(groups, lr=rate, betas=(first, second), eps=1e-8, fused=True)


def rate_at(step: int, steps: int, warmup: int, decay: str) -> float:
    """The share of the largest step size that update ``step`` (from 0) takes."""
    if step < warmup:
        return (step + 1) / (warmup + 1)
    if decay == "none":
        return 1.0
    done = (step - warmup) / max(1, steps - warmup)
    return 0.5 * (1 + math.cos(math.pi * done)) if decay == "cosine" else 1 - done


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Take this step size from now on."""
    for group in optimizer.param_groups:
        group["lr"] = rate


def optimizer_tensors(
    optimizer: torch.optim.Optimizer, named: Iterable[tuple[str, nn.Parameter]]
) -> dict[str, Tensor]:
    """The optimizer's state by parameter name: ``exp_avg/NAME`` and so on."""
    found = {}
    for name, parameter in named:
        for key, value in optimizer.state.get(parameter, {}).items():
            found[f"{key}/{name}"] = torch.as_tensor(value).detach()
    return found


def restore_optimizer(
    optimizer: torch.optim.Optimizer,
    named: Iterable[tuple[str, nn.Parameter]],
    tensors: Mapping[str, Tensor],
) -> None:
    """Put a saved state back; parameters that had none, as no gradient reached them, get none."""
    keys = sorted({name.partition("/")[0] for name in tensors})
    for name, parameter in named:
        if f"{keys[0]}/{name}" in tensors:
            optimizer.state[parameter] = {
                key: tensors[f"{key}/{name}"].clone().to(parameter.device) for key in keys
            }


def clip_gradients(parameters: Iterable[Tensor], largest: float) -> Tensor:
    """Scale all gradients down to a joint norm; gives the norm before, not yet read back."""
    return nn.utils.clip_grad_norm_(list(parameters), largest or math.inf)
