"""The methods by name: a new one is a file of its own and its lines here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from align.methods.bootstrap import Bootstrap
from align.methods.hub_tuned import HubTuned
from align.methods.into_hub import IntoHub
from align.methods.method import Method
from align.methods.rcsls import Rcsls
from align.methods.tuned import Tuned
from align.methods.vecmap import VecMap
from align.problem import Problem, Resources
from align.vecmap.alignment import Alignment

MethodName = Literal["vecmap", "bootstrap", "rcsls", "tuned"]
HubMethodName = Literal["tuned", "orthogonal", "bootstrap", "rcsls"]

METHODS: Mapping[MethodName, Method] = MappingProxyType(
    {
        "vecmap": VecMap(),
        "bootstrap": Bootstrap(),
        "rcsls": Rcsls(),
        "tuned": Tuned(),
    }
)

HUB_METHODS: Mapping[HubMethodName, Method] = MappingProxyType(
    {
        "tuned": HubTuned(),
        "orthogonal": IntoHub(VecMap()),
        "bootstrap": IntoHub(Bootstrap()),
        "rcsls": IntoHub(Rcsls()),
    }
)
"""These map a spoke into the space of the hub, which stays as it is."""
WITHOUT_PAIRS: Mapping[HubMethodName, HubMethodName] = MappingProxyType({"tuned": "bootstrap"})
"""What takes a method's place where pairs are induced."""


def learn_maps(
    method: MethodName, problem: Problem, resources: Resources | None = None
) -> Alignment:
    """Learn one map per side by a method of the table."""
    return METHODS[method].learn(problem.to_learn_from(), resources or Resources())
