"""The weights that a language has for itself in a model, found, copied and put into it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

MODULES = ".adapter_modules."


def named_weights(model: Any) -> dict[str, Any]:
    """Every weight by one name: one that the head shares with the encoder by the encoder's."""
    prefix = "" if model.base_model is model else f"{model.base_model_prefix}."
    named = list(model.named_parameters(remove_duplicate=False))
    found: dict[int, tuple[str, Any]] = {}
    for name, parameter in sorted(named, key=lambda pair: not pair[0].startswith(prefix)):
        found.setdefault(id(parameter), (name, parameter))
    kept = dict(found.values())
    return {name: kept[name] for name, _ in named if name in kept}


def words_of(model: Any) -> list[str]:
    """Names of the weights that have a row for each piece, the table of embeddings first."""
    table = model.get_input_embeddings().weight
    tables = [table]
    output = getattr(model, "get_output_embeddings", lambda: None)()
    if output is not None:
        tables += [output.weight, getattr(output, "bias", None)]
    kept = {id(one) for one in tables if one is not None}
    named = {name: one for name, one in named_weights(model).items() if id(one) in kept}
    return sorted(named, key=lambda name: named[name] is not table)


def positions_of(model: Any) -> list[str]:
    """Names of the learned positions."""
    return [name for name in named_weights(model) if "position_embeddings" in name]


def bare_name(model: Any, name: str) -> str:
    """The name of a weight in the encoder itself; of a head, as it is."""
    return name if model.base_model is model else name.removeprefix(f"{model.base_model_prefix}.")


def own_weights(model: Any) -> dict[str, torch.Tensor]:
    """A copy of the weights that a language replaces."""
    names = {*words_of(model), *positions_of(model)}
    return {
        bare_name(model, name): parameter.detach().clone()
        for name, parameter in named_weights(model).items()
        if name in names
    }


def put_into(model: Any, tensors: Mapping[str, torch.Tensor]) -> None:
    """Give a model the weights of a language; those of a head that it lacks are left out."""
    import torch

    words = next(iter(words_of(model)))
    rows = len(tensors[bare_name(model, words)])
    if rows != model.get_input_embeddings().num_embeddings:
        learns = model.get_input_embeddings().weight.requires_grad
        with torch.random.fork_rng(devices=[]):
            model.resize_token_embeddings(rows, mean_resizing=False)
        model.get_input_embeddings().weight.requires_grad_(learns)
    for name in tensors:
        if MODULES in name:
            _make_module(model, name)
    weights = {
        bare_name(model, name): parameter for name, parameter in named_weights(model).items()
    }
    with torch.no_grad():
        for name, tensor in tensors.items():
            if name in weights:
                weights[name].copy_(tensor)


def _make_module(model: Any, name: str) -> None:
    """Make room for a language's module in a block, where there is none."""
    before, _, after = name.partition(MODULES)
    language = after.partition(".")[0]
    if language not in model.config.languages:
        model.config.languages = [*model.config.languages, language]
    try:
        modules = model.base_model.get_submodule(f"{before}.adapter_modules")
    except AttributeError:  # of a block that was not loaded
        return
    if language in modules:
        return
    import torch
    from transformers.models.xmod.modeling_xmod import XmodAdapter

    like = next(model.parameters())
    with torch.random.fork_rng(devices=[]):
        made = XmodAdapter(model.config).to(like.device, like.dtype)
    made.train(modules.training).requires_grad_(like.requires_grad)
    modules[language] = made
