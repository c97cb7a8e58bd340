"""Result files: what every script that measures writes, and how it says where figures come from.

``NAME.json`` holds ``made``: commit, machine, seeds, n (what was measured on), repeats.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from scripts.machine import describe_machine, machine_line
from x2static.core.storage.files import staged
from x2static.core.storage.run_record import git_commit


def quality_parser(description: str) -> argparse.ArgumentParser:
    """Options that every quality script has."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("X2STATIC_DATA"))
    parser.add_argument("--work", type=Path, required=True, help="where parts are kept")
    parser.add_argument("--output", type=Path, required=True, help="results: NAME.json, NAME.md")
    return parser


def parse(parser: argparse.ArgumentParser, argv: Sequence[str]) -> argparse.Namespace:
    """The options; the data folder must be known."""
    options = parser.parse_args(argv)
    if options.data is None:
        parser.error("say where the data lies: --data FOLDER or X2STATIC_DATA")
    options.data = Path(options.data)
    return options


NEEDED = ("commit", "machine", "seeds", "n", "repeats")


def provenance(
    *, seeds: Sequence[int], n: int | str, repeats: int, machine: dict[str, Any] | None = None
) -> dict[str, Any]:
    """What a result file says of itself.

    Args:
        seeds: of the runs behind it.
        n: what was measured on, in number or words.
        repeats: how often each figure was measured.
        machine: None: this one.
    """
    return {
        "commit": git_commit(),
        "machine": machine_line(machine or describe_machine()),
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d"),
        "seeds": list(seeds),
        "n": n,
        "repeats": repeats,
    }


def made_line(made: Mapping[str, Any]) -> str:
    """The same for people."""
    seeds = ", ".join(map(str, made["seeds"])) or "none"
    return (
        f"{made['machine']}; commit {made['commit']}; seeds {seeds}; {made['n']}; "
        f"measured {made['repeats']} times"
    )


def missing(path: Path) -> list[str]:
    """What a result file fails to say of itself."""
    data = json.loads(path.read_text(encoding="utf-8"))
    made = data.get("made", {}) if isinstance(data, dict) else {}
    return [name for name in NEEDED if made.get(name) in (None, "")]


def write_results(
    output: Path, data: Any, text: str, made: Mapping[str, Any] | None = None
) -> None:
    """``NAME.json`` and ``NAME.md``, each whole or not at all.

    Args:
        output: without the suffix.
        data: the figures; a list becomes ``rows``.
        text: the same as Markdown.
        made: see `provenance`; None: what can be known without being told.
    """
    made = dict(made or provenance(seeds=(), n="", repeats=1))
    whole = {"made": made, **(data if isinstance(data, dict) else {"rows": data})}
    contents = {".json": json.dumps(whole, indent=1, ensure_ascii=False) + "\n", ".md": text}
    for suffix, content in contents.items():
        with staged(output.with_name(output.name + suffix), own=True) as temporary:
            temporary.write_text(content, encoding="utf-8")


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a result file; none if there is no such file."""
    if not path.exists():
        return []
    rows: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["rows"]
    return rows
