"""``x2static bitext check``: identical texts and lengths out of proportion, source by source."""

from __future__ import annotations

from typing import Any

import numpy as np

from x2static.bitext.collection import find_collection
from x2static.bitext.config import BitextCheckConfig
from x2static.core.errors import ConfigError
from x2static.core.outcome import Outcome
from x2static.core.text.pair_sources import PairText, join_texts

_SHOWN = 70


def check(config: BitextCheckConfig) -> Outcome:
    """Run ``x2static bitext check``."""
    collection = find_collection(config.files)
    if config.hub not in collection.languages:
        shown = ", ".join(collection.languages)
        raise ConfigError(f"--hub {config.hub}: not among the languages: {shown}")
    rows = []
    for language in collection.languages:
        if language != config.hub:
            for source, texts in collection.texts_of(language, config.hub):
                rows.append(_judge(source, language, texts, config))
    return Outcome(_table(rows), {"hub": config.hub, "rows": rows})


def _judge(
    source: str, language: str, texts: list[PairText], config: BitextCheckConfig
) -> dict[str, Any]:
    """A row of the table; the sentences are read again for the examples, so that none is kept."""
    measured = np.array(
        [(len(text), len(other), text == other) for _, text, other in join_texts(*texts)],
        dtype=np.int64,
    ).reshape(-1, 3)
    ratios = measured[:, 0] / measured[:, 1]
    median = float(np.median(ratios)) if len(ratios) else 1.0
    distance = np.abs(np.log(ratios / median))
    is_odd, is_same = distance > np.log(config.factor), measured[:, 2] > 0
    worst = [place for place in np.argsort(-distance) if is_odd[place] and not is_same[place]]
    chosen = [*worst[: config.examples], *np.flatnonzero(is_same)[: config.examples]]
    return {
        "source": source,
        "language": language,
        "sentences": len(ratios),
        "length_ratio": median if len(ratios) else None,
        "out_of_proportion": int(is_odd.sum()),
        "identical": int(is_same.sum()),
        "examples": [
            {"key": key, language: text, config.hub: other}
            for place, (key, text, other) in enumerate(join_texts(*texts))
            if place in chosen
        ],
    }


def _table(rows: list[dict[str, Any]]) -> str:
    width = max([len(row["source"]) for row in rows], default=6)
    lines = [f"{'source':{width}}  language  sentences  ratio  out of proportion  identical"]
    for row in rows:
        ratio = "-" if row["length_ratio"] is None else f"{row['length_ratio']:.2f}"
        total = max(row["sentences"], 1)
        odd, same = (100 * row[name] / total for name in ("out_of_proportion", "identical"))
        lines.append(
            f"{row['source']:{width}}  {row['language']:8}  {row['sentences']:>9,}  {ratio:>5}  "
            f"{odd:>15.2f} %  {same:>7.2f} %"
        )
        for example in row["examples"]:
            key, *texts = example.values()
            lines += [f"    {key}", *(f"      {text[:_SHOWN]}" for text in texts)]
    return "\n".join(lines)
