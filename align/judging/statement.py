"""What ``align`` says of its result, line by line."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from align.config import AlignConfig
from align.languages import Languages
from align.search.precision import Precision
from align.vecmap.diagnosis import LEAST_AGREEMENT, LEAST_FOUND_AGAIN, LEAST_LIFT, Diagnosis
from x2static.core.rejection import rejection


def basis_of_trust(notes: dict[str, Any]) -> str:
    """What a result without a dictionary is trusted or doubted by, each sign beside its limit."""
    signs = [("lift", LEAST_LIFT), ("found_again", LEAST_FOUND_AGAIN)]
    if notes["agreement"] is not None:
        signs.append(("agreement", LEAST_AGREEMENT))
    stated = [
        f"{name.replace('_', ' ')} {100 * notes[name]:.1f} % (at least {100 * least:g} %)"
        for name, least in signs
    ]
    if notes["agreement"] is None:
        stated.append("no other run was asked")
    return f"{'not trusted' if notes['failed'] else 'trusted'} by these signs: {', '.join(stated)}"


def statement(config: AlignConfig, languages: Languages, notes: dict[str, Any]) -> str:
    """Sizes, what was learned from, signs of success, scores on held-out pairs."""
    lines = [f"{config.output_source}: {len(languages.source):,} words in the shared space"]
    lines.append(f"{config.output_target}: {len(languages.target):,} words")
    if languages.coverage is not None:
        lines.append(f"{config.lexicon or config.bitext}: {languages.coverage}")
    learned = f"learned from {notes['final_pairs']:,} pairs ({config.preset})"
    if "iterations" in notes:
        learned += f" after {notes['iterations']} iterations, objective {notes['objective']:.4f}"
    lines.append(learned)
    lines.append(str(Diagnosis(*(notes[field.name] for field in fields(Diagnosis)))))
    if notes["judged_by"] == "signs":
        lines.append(basis_of_trust(notes))
    for name, label in (("validation", "held-out pairs"), ("validation_unaligned", "unaligned")):
        if name in notes:
            lines.append(f"{label}: {Precision(**notes[name])}")
    if not notes["aligned"]:
        lines.append(f"{rejection({'result': notes})}: the map learned is not used")
    return "\n".join(lines)
