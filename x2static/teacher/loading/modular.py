"""A model with a module for each language (X-MOD), made from scratch or from one without.

A module is a bottleneck of half the width after the feed-forward part of each block. From scratch
it is as published: its input and its residual come from behind the block's norm, which is applied
again after it. A model that was trained without modules would not survive that second norm, so
there the residual comes from before the norm, and a module whose last matrix is zero changes
nothing. Both are settings of the library's own class.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from x2static.core.errors import TeacherError

SHARED = "shared"
"""The one module of a model whose languages share it: as many operations, no room of their own."""

_LIKE = ("xlm-roberta", "roberta", "camembert")
_OWN = ("model_type", "architectures", "transformers_version", "dtype", "torch_dtype")


def module_names(kind: str, languages: Sequence[str]) -> tuple[str, ...]:
    """The modules that a model gets: one for each language, or one for all."""
    return (SHARED,) if kind == SHARED else tuple(sorted(languages))


def modular_settings(names: Sequence[str], *, residual_before_norm: bool) -> dict[str, Any]:
    """What a config of X-MOD says of its modules."""
    return {
        "languages": tuple(names),
        "default_language": names[0] if len(names) == 1 else None,
        "pre_norm": False,
        "adapter_reduction_factor": 2,
        "adapter_layer_norm": False,
        "adapter_reuse_layer_norm": True,
        "ln_before_adapter": not residual_before_norm,
    }


def made_modular(plain: Any, names: Sequence[str], name: str) -> Any:
    """A model with modules that answers what a model without them does, to the last bit.

    Args:
        plain: a masked language model of RoBERTa's family.
        names: of the modules; their first matrices are drawn (seed torch before).
        name: what the user called the model, for messages.

    Raises:
        TeacherError: a family that has no modular kin.
    """
    from transformers import XmodConfig, XmodForMaskedLM

    family = str(plain.config.model_type)
    if family not in _LIKE:
        raise TeacherError(
            f"{name}: --modules can be added to models like XLM-R and RoBERTa, this is a {family}"
        )
    settings = {k: v for k, v in plain.config.to_dict().items() if k not in _OWN}
    config = XmodConfig(**{**settings, **modular_settings(names, residual_before_norm=True)})
    model = XmodForMaskedLM(config)
    lacking, unknown = model.load_state_dict(plain.state_dict(), strict=False)
    strange = [key for key in lacking if ".adapter_modules." not in key] + list(unknown)
    if strange:
        raise TeacherError(f"{name}: no place in a modular model for its {strange[0]}")
    silence(model)
    return model


def with_shared_module(plain: Any, name: str) -> Any:
    """A model with one module that adds nothing, beside which languages can have their own.

    It is the same for every seed, so that languages added by different people fit one base.
    """
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        made = made_modular(plain, (SHARED,), name)
    return made.to(next(plain.parameters()).dtype)


def silence(model: Any) -> None:
    """Let every module add nothing until it has learned."""
    import torch

    with torch.no_grad():
        for part, parameter in model.named_parameters():
            if ".adapter_modules." in part and ".dense2." in part:
                parameter.zero_()
