"""Run benchmarks and print how many times better than its reference each figure is.

A benchmark is a file ``scripts/benchmarks/NAME.py`` with ``rows(scratch: Path) -> list[dict]``,
which may also take ``quick: bool`` and ``repeats: int``. A row has ``name``, ``unit``, ``ours``,
``reference``, ``ratio`` (how many times better than the reference), ``goal`` (least ratio) and
``holds``; a row without a goal only informs. ``low``, ``high`` and ``repeats`` are the ratio's
least and greatest and their number (see `scripts.paired`): where they lie on both sides of the
goal, nothing is claimed. ``load`` (of the machine, other work included), ``floor`` (what the
hardware allows) and ``note`` are optional.

``--json FILE`` is written anew whenever a benchmark has ended; each row names its commit. With
``--resume`` the rows of other benchmarks that FILE holds stay, and ``all`` measures only what is
missing: quiet hours are rare.
"""

from __future__ import annotations

import argparse
import importlib.util
import inspect
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from scripts.machine import describe_machine, machine_line, same_machine  # noqa: E402
from scripts.paired import QUICK_REPEATS, REPEATS, verdict  # noqa: E402
from scripts.results import made_line, provenance, read_rows, write_results  # noqa: E402
from x2static.core.errors import ConfigError, WorkbenchError  # noqa: E402
from x2static.core.storage.run_record import (  # noqa: E402
    RunRecord,
    git_commit,
    plain,
    read_record,
    record_path,
)

BENCHMARKS = ROOT / "scripts" / "benchmarks"
KEYS = ("name", "unit", "ours", "reference", "ratio", "goal", "holds")
SEEDS = (0, 1, 20240611)  # that the benchmarks fix, between them
OPTIONAL = ("low", "high", "repeats", "load", "floor", "note")

Row = dict[str, Any]


@dataclass(frozen=True)
class BenchConfig:
    """What was asked for; kept in the run record."""

    name: str
    quick: bool
    repeats: int | None = None


def known_benchmarks() -> dict[str, Path]:
    """Name and file of every benchmark."""
    return {path.stem: path for path in sorted(BENCHMARKS.glob("*.py"))}


def choose(name: str) -> list[str]:
    """The benchmarks that a name stands for."""
    known = known_benchmarks()
    if name == "all":
        return list(known)
    if name not in known:
        raise ConfigError(f"unknown benchmark '{name}'; known: {', '.join([*known, 'all'])}")
    return [name]


def load_rows(path: Path) -> Callable[..., list[Row]]:
    """The function ``rows`` of a benchmark file."""
    spec = importlib.util.spec_from_file_location(f"scripts.benchmarks.{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ConfigError(f"{path}: no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    rows: Callable[..., list[Row]] = module.rows
    return rows


def measure(name: str, *, quick: bool, repeats: int | None = None) -> list[Row]:
    """Run one benchmark in a folder of its own."""
    rows = load_rows(known_benchmarks()[name])
    offered = {"quick": quick, "repeats": repeats or (QUICK_REPEATS if quick else REPEATS)}
    known = inspect.signature(rows).parameters
    options = {name: value for name, value in offered.items() if name in known}
    with tempfile.TemporaryDirectory(prefix="x2static-bench-") as scratch:
        commit = git_commit()
        return [
            complete(row) | {"benchmark": name, "commit": commit}
            for row in rows(Path(scratch), **options)
        ]


def complete(row: Row) -> Row:
    """A row with every key, and `holds` worked out where there is a goal and its turns agree."""
    whole = {key: row.get(key) for key in KEYS} | row
    if whole["holds"] is None:
        whole["holds"] = verdict(whole)
    if whole["goal"] is not None and whole["holds"] is None:
        notes = [whole["note"]] if whole.get("note") else []
        whole["note"] = "; ".join([*notes, "within noise"])
    return dict(plain(whole))


def shown(value: Any) -> str:
    """A cell: four significant digits, yes or no, a dash for nothing."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table with aligned columns; floor and note only where used."""
    several = len({row.get("benchmark") for row in rows}) > 1
    columns = [*(["benchmark"] if several else []), *KEYS]
    columns += [key for key in OPTIONAL if any(row.get(key) for row in rows)]
    cells = [columns, *([shown(row.get(key)) for key in columns] for row in rows)]
    widths = [max(len(line[index]) for line in cells) for index in range(len(columns))]
    lines = [
        "| "
        + " | ".join(text.ljust(width) for text, width in zip(line, widths, strict=True))
        + " |"
        for line in cells
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def summary(rows: Sequence[Row]) -> str:
    """How many goals hold, and which do not."""
    aimed = [row for row in rows if row["goal"] is not None]
    parts = [f"{sum(row['holds'] is True for row in aimed)} of {len(aimed)} goals hold"]
    for what, holds in (("missed", False), ("within noise", None)):
        names = [str(row["name"]) for row in aimed if row["holds"] is holds]
        parts += [f"{what}: {', '.join(names)}"] if names else []
    return "; ".join(parts)


def kept_rows(path: Path, config: BenchConfig, machine: dict[str, Any]) -> list[Row]:
    """What an earlier run left in a file, if this machine made it.

    Raises:
        ConfigError: another machine did, or another size was measured.
    """
    if not path.exists():
        return []
    past = read_record(path)
    if past is None or not same_machine(past["machine"], machine):
        raise ConfigError(
            f"{path} was not measured on this machine with these versions: leave out --resume to "
            "replace it, or choose another --json"
        )
    if past["settings"]["quick"] != config.quick:
        raise ConfigError(f"{path} holds figures of another --quick: choose another --json")
    return [{"commit": past["commit"], **row} for row in read_rows(path)]


def save(path: Path, config: BenchConfig, rows: list[Row], record: RunRecord) -> None:
    """Write the rows as JSON, and beside it the same as Markdown and the run record."""
    fewest = min(row.get("repeats", 1) for row in rows)
    made = provenance(
        seeds=SEEDS, n="sizes in each row's name", repeats=fewest, machine=record.notes["machine"]
    )
    made["commit"] = ", ".join(sorted({str(row["commit"]) for row in rows}))
    write_results(path.with_suffix(""), rows, f"{table(rows)}\n\n{made_line(made)}\n", made)
    record.counts = {"rows": len(rows), "benchmark": asdict(config)["name"]}
    record.write(record_path(path), own=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; 0 when every benchmark ran, whether or not its goals hold."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__.splitlines()[0])
    parser.add_argument("name", metavar="NAME", help="all, or " + ", ".join(known_benchmarks()))
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the rows as JSON")
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that it works")
    parser.add_argument("--repeats", type=int, help=f"turns of each side ({REPEATS})")
    parser.add_argument("--resume", action="store_true", help="keep other rows of --json FILE")
    arguments = parser.parse_args(argv)
    if arguments.repeats is not None and arguments.repeats < 1:
        parser.error("--repeats: at least 1")
    if arguments.resume and arguments.json is None:
        parser.error("--resume goes on with a file: give --json FILE")
    if arguments.json is not None and arguments.json.suffix != ".json":
        parser.error(f"--json {arguments.json}: the file's name must end in .json")
    try:
        config = BenchConfig(arguments.name, arguments.quick, arguments.repeats)
        failed = run(config, arguments.json, arguments.resume)
    except WorkbenchError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 2 if failed else 0


def run(config: BenchConfig, target: Path | None, resume: bool) -> int:
    """Measure, print and keep; how many benchmarks failed."""
    names = choose(config.name)
    machine = describe_machine()
    record = RunRecord("bench", config)
    record.notes["machine"] = machine
    rows = kept_rows(target, config, machine) if resume and target is not None else []
    if config.name == "all":
        there = {row["benchmark"] for row in rows}
        names = [name for name in names if name not in there]
    print(machine_line(machine), flush=True)
    failed = 0
    for name in names:
        try:
            fresh = measure(name, quick=config.quick, repeats=config.repeats)
        except WorkbenchError as error:
            print(f"error: {name}: {error}", file=sys.stderr)
            failed += 1
            continue
        print(f"\n{name}\n{table(fresh)}", flush=True)
        rows = [row for row in rows if row["benchmark"] != name] + fresh
        rows.sort(key=lambda row: str(row["benchmark"]))
        if target is not None:
            save(target, config, rows, record)
    if rows:
        print(f"\n{summary(rows)}")
    return failed


if __name__ == "__main__":
    sys.exit(main())
