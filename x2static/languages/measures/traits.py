"""What kind of language each is: family, script, word order, adpositions."""

from __future__ import annotations

from collections.abc import Sequence

from x2static.core.languages.language import find_language
from x2static.languages.known import by_glottocode, family_of, script_of
from x2static.languages.measures.typology import features_of

UNKNOWN = "unknown"
_ORDERS = ("SVO", "SOV", "VSO", "VOS", "OVS", "OSV")
_ADPOSITIONS = {"before": "S_ADPOSITION_BEFORE_NOUN", "after": "S_ADPOSITION_AFTER_NOUN"}


def traits_of(codes: Sequence[str]) -> dict[str, list[str]]:
    """Trait to the value of each language; ``unknown`` where no table tells."""
    known = [code for code in codes if find_language(code) or code in by_glottocode()]
    order = dict(zip(known, _said(known, {o: f"S_{o}" for o in _ORDERS}), strict=True))
    adposition = dict(zip(known, _said(known, _ADPOSITIONS), strict=True))
    return {
        "family": [family_of(code) or UNKNOWN for code in codes],
        "script": [script_of(code) or UNKNOWN for code in codes],
        "word order": [order.get(code, UNKNOWN) for code in codes],
        "adposition": [adposition.get(code, UNKNOWN) for code in codes],
    }


def _said(codes: Sequence[str], names: dict[str, str]) -> list[str]:
    """The value whose feature has most of the sources' yes; several that tie are joined."""
    if not codes:
        return []
    features = features_of(codes, "uriel+", "average")
    columns = {value: features.names.index(name) for value, name in names.items()}
    found = []
    for row in features.values:
        shares = {value: float(row[column]) for value, column in columns.items()}
        most = max(shares.values())
        best = [value for value, share in shares.items() if share == most]
        found.append("/".join(best) if most > 0 else UNKNOWN)
    return found
