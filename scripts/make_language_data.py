"""Make the tables behind `x2static languages distance` from URIEL, URIEL+ and Glottolog.

    scripts/make_language_data.py [DATA/linguistics]

reads `lang2vec/`, `urielplus/` and `glottolog/` (default: in X2STATIC_DATA) and writes
`x2static/languages/data/*.npz`. The same files give the same bytes.
"""

from __future__ import annotations

import csv
import os
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np

from x2static.core.languages.language import languages

OUTPUT = Path(__file__).resolve().parents[1] / "x2static" / "languages" / "data"
ADDED = (
    "grambank",
    "saphon",
)  # of URIEL+; its other tables have dialects, creoles by name, and the dead
KINDS = ("S_", "P_", "INV_", "M_")


def main() -> None:
    where = Path(sys.argv[1] if len(sys.argv) > 1 else f"{os.environ['X2STATIC_DATA']}/linguistics")
    glottolog(where / "glottolog" / "cldf")
    uriel(where / "lang2vec" / "data", where / "urielplus" / "database" / "urielplus_csvs")
    for path in sorted(OUTPUT.glob("*.npz")):
        print(f"{path}: {path.stat().st_size:,} bytes")


def glottolog(folder: Path) -> None:
    """Each node's parent, and where each language is spoken."""
    everything = {row["ID"]: row for row in read(folder / "languages.csv")}
    # what others call a language may be a dialect here, such as Croatian
    named = {language.glottocode for language in languages().values()}
    dialects = {code for code in named if everything.get(code, {}).get("Level") == "dialect"}
    rows = {c: row for c, row in everything.items() if row["Level"] != "dialect" or c in dialects}
    parents = {code: everything[code]["Language_ID"] for code in dialects}
    for code in dialects:
        rows[code] = {**rows[parents[code]], "ID": code, "ISO639P3code": ""}
    text = (folder / "classification.nex").read_text(encoding="utf-8")
    for tree in re.findall(r"tree \w+ = \[&R\] (.*);", text):
        parents.update(parents_in(tree))
    codes = sorted({*rows, *parents})
    number = {code: place for place, code in enumerate(codes)}
    parent = [number[parents[code]] if parents.get(code) else -1 for code in codes]
    place = [coordinates(rows.get(code, {})) for code in codes]
    iso = [rows.get(code, {}).get("ISO639P3code", "") for code in codes]
    np.savez_compressed(
        OUTPUT / "glottolog.npz",
        codes=np.array(codes, "S8"),
        iso=np.array(iso, "S3"),
        parent=np.array(parent, np.int16),
        place=np.array(place, np.float32),
        names=np.frombuffer("\n".join(family(rows, c) for c in codes).encode(), np.uint8),
    )


def family(rows: dict[str, dict[str, str]], code: str) -> str:
    row = rows.get(code, {})
    return row.get("Name", "") if row.get("Level") == "family" else ""


def coordinates(row: dict[str, str]) -> tuple[float, float]:
    if not row.get("Latitude"):
        return np.nan, np.nan
    return float(row["Latitude"]), float(row["Longitude"])


def parents_in(tree: str) -> dict[str, str]:
    """Parent of each node of a tree in Newick's notation, read from its end: names come last."""
    found: dict[str, str] = {}
    above: list[str] = []
    last = ""
    for token in reversed(re.findall(r"[()]|[a-z0-9]{8}", tree)):
        if token == ")":
            above.append(last)
        elif token == "(":
            above.pop()
        else:
            found[token] = above[-1] if above else ""
            last = token
    return found


def uriel(folder: Path, tables: Path) -> None:
    """How many sources say yes, and how many say anything, for each language and feature."""
    codes = {row["code"]: row["glottocode"] for row in read(tables / "uriel_glottocode_map.csv")}
    old = np.load(folder / "features.npz")
    counts = Counts()
    said, names = old["data"], [str(name) for name in old["feats"]]
    for row, language in enumerate(old["langs"]):
        if is_code(code := codes.get(str(language), "")):
            for feature, source in zip(*np.nonzero(said[row] >= 0), strict=True):
                counts.add(code, names[feature], said[row, feature, source] > 0, 0)
    for name in ADDED:
        for row in read(tables / f"{name}_data.csv"):
            code = row.get("glottocode") or row["code"]
            if not is_code(code):
                continue
            for feature, value in row.items():
                if feature.startswith(KINDS) and value in ("0", "1", "0.0", "1.0"):
                    counts.add(code, feature, value.startswith("1"), 1)
    guessed = np.load(folder / "feature_predictions.npz")
    langs = [codes.get(str(language), "") for language in guessed["langs"]]
    kept = [row for row, code in enumerate(langs) if is_code(code)]
    bits = guessed["data"][kept, :, 0] > 0.5
    np.savez_compressed(
        OUTPUT / "uriel.npz",
        **counts.arrays(),
        filled_languages=np.array([langs[row] for row in kept], "S8"),
        filled_features=np.array([str(name).encode() for name in guessed["feats"]]),
        filled=np.packbits(bits, axis=1),
    )


def is_code(text: str) -> bool:
    return re.fullmatch(r"[a-z0-9]{4}[0-9]{4}", text) is not None


class Counts:
    """Votes by language, feature and whether they are URIEL's (0) or added in URIEL+ (1)."""

    def __init__(self) -> None:
        self._votes: dict[tuple[str, str], list[int]] = {}

    def add(self, language: str, feature: str, yes: Any, which: int) -> None:
        votes = self._votes.setdefault((language, feature), [0, 0, 0, 0])
        votes[2 * which] += 1
        votes[2 * which + 1] += bool(yes)

    def arrays(self) -> dict[str, Any]:
        languages = sorted({language for language, _ in self._votes})
        features = sorted({feature for _, feature in self._votes})
        row = {name: place for place, name in enumerate(languages)}
        column = {name: place for place, name in enumerate(features)}
        table = np.zeros((4, len(languages), len(features)), np.uint8)
        for (language, feature), votes in self._votes.items():
            table[:, row[language], column[feature]] = votes
        return {
            "languages": np.array(languages, "S8"),
            "features": np.array([name.encode() for name in features]),
            "said": table[0],
            "yes": table[1],
            "said_added": table[2],
            "yes_added": table[3],
        }


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


if __name__ == "__main__":
    main()
