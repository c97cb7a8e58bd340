"""What a language's file remembers of its base: a digest of each shared weight.

A digest for each weight, not one for all: a teacher loads the first blocks only, without head.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from x2static.core.errors import TeacherError
from x2static.teacher.added.own_weights import (
    MODULES,
    bare_name,
    named_weights,
    positions_of,
    words_of,
)

_UNSHARED = (MODULES, "pooler.")


def digests_of(model: Any) -> dict[str, str]:
    """A digest of every weight that languages share, by its name in the encoder or the head."""
    own = {*words_of(model), *positions_of(model)}
    found = {}
    for name, parameter in named_weights(model).items():
        if name not in own and not any(part in name for part in _UNSHARED):
            numbers = parameter.detach().float().cpu().contiguous().numpy()
            digest = hashlib.blake2b(numbers.tobytes(), digest_size=8)
            found[bare_name(model, name)] = digest.hexdigest()
    return found


def check_base(found: Mapping[str, str], known: Mapping[str, str], language: str) -> None:
    """Raise `TeacherError` unless a model is the one that a language was added to.

    Args:
        found: digests of the model as it was loaded.
        known: digests that the language's file remembers.
        language: where it lies, for the message.
    """
    shared = [name for name in known if name in found]
    wrong = [name for name in shared if known[name] != found[name]]
    if wrong or not shared:
        which = f"{len(wrong)} of {len(shared)} shared weights differ, such as {wrong[0]}"
        reason = which if wrong else "no weight has the name of one of its own"
        raise TeacherError(
            f"{language}: was added to another model than this one ({reason}); put it beside the "
            "model that it was made for, or add the language to this one with x2static extend"
        )
