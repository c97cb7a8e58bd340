"""Run benchmarks and print how many times better than its reference each figure is.

A benchmark is a file ``scripts/bench_NAME.py`` with ``rows(scratch: Path) -> list[dict]`` (it may
also take ``quick: bool``). A row has ``name``, ``unit``, ``ours``, ``reference``, ``ratio`` (how
many times better than the reference), ``goal`` (least ratio) and ``holds``; a row without a goal
only informs. ``floor`` (what the hardware allows) and ``note`` are optional.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import inspect
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from x2static.core.errors import ConfigError, WorkbenchError
from x2static.core.files import staged
from x2static.core.run_record import RunRecord, package_versions, plain, record_path

HERE = Path(__file__).resolve().parent
KEYS = ("name", "unit", "ours", "reference", "ratio", "goal", "holds")
CPU_FEATURES = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")

Row = dict[str, Any]


@dataclass(frozen=True)
class BenchConfig:
    """What was asked for; kept in the run record."""

    name: str
    quick: bool


def known_benchmarks() -> dict[str, Path]:
    """Name and file of every benchmark beside this program."""
    return {path.stem.removeprefix("bench_"): path for path in sorted(HERE.glob("bench_*.py"))}


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
    for folder in (HERE.parent, HERE):
        if str(folder) not in sys.path:
            sys.path.insert(0, str(folder))
    module = importlib.import_module(path.stem)
    rows: Callable[..., list[Row]] = module.rows
    return rows


def measure(name: str, *, quick: bool) -> list[Row]:
    """Run one benchmark in a folder of its own."""
    rows = load_rows(known_benchmarks()[name])
    options = {"quick": quick} if "quick" in inspect.signature(rows).parameters else {}
    with tempfile.TemporaryDirectory(prefix="x2static-bench-") as scratch:
        return [complete(row) for row in rows(Path(scratch), **options)]


def complete(row: Row) -> Row:
    """A row with every key, and `holds` worked out where there is a goal."""
    whole = {key: row.get(key) for key in KEYS} | row
    if whole["goal"] is not None and whole["holds"] is None:
        whole["holds"] = whole["ratio"] is not None and whole["ratio"] >= whole["goal"]
    return dict(plain(whole))


def describe_machine() -> dict[str, Any]:
    """Processor, memory, accelerator, threads and versions, as far as they can be found out."""
    machine: dict[str, Any] = {
        "cpu": _cpu_model(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        "cpu_features": _cpu_features(),
        "ram_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "platform": platform.platform(),
        "python": platform.python_version(),
        "versions": package_versions(),
    }
    machine["cores"] = machine["cores"] or os.cpu_count()
    if importlib.util.find_spec("torch") is not None:
        import torch

        machine["torch_threads"] = torch.get_num_threads()
        if torch.cuda.is_available():
            machine["gpu"] = torch.cuda.get_device_name()
    return machine


def _cpu_model() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
        answer = subprocess.run(
            ["sysctl", "-n", "machdep.cpu.brand_string"], capture_output=True, text=True, check=True
        )
        return answer.stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return platform.processor() or platform.machine()


def _cpu_features() -> list[str]:
    try:
        words = set(Path("/proc/cpuinfo").read_text().split())
    except OSError:
        return []
    return [feature for feature in CPU_FEATURES if feature in words]


def machine_line(machine: dict[str, Any]) -> str:
    """The machine in one line for people."""
    parts = [f"{machine['cpu']}, {machine['cores']} cores, {machine['ram_gib']} GiB"]
    parts += [f"{machine['torch_threads']} torch threads"] if "torch_threads" in machine else []
    parts += [machine["gpu"]] if "gpu" in machine else []
    parts += [f"Python {machine['python']}"]
    shown = [n for n in ("numpy", "torch", "transformers", "gensim") if n in machine["versions"]]
    return ", ".join([*parts, *(f"{name} {machine['versions'][name]}" for name in shown)])


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
    columns = [*KEYS, *(key for key in ("floor", "note") if any(row.get(key) for row in rows))]
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
    missed = [str(row["name"]) for row in aimed if not row["holds"]]
    text = f"{len(aimed) - len(missed)} of {len(aimed)} goals hold"
    return f"{text}; missed: {', '.join(missed)}" if missed else text


def save(path: Path, config: BenchConfig, rows: list[Row], record: RunRecord) -> None:
    """Write the rows as a JSON list, and beside it the same as Markdown and the run record."""
    with staged(path) as temporary:
        temporary.write_text(json.dumps(rows, ensure_ascii=False, indent=2) + "\n", "utf-8")
    with staged(path.with_suffix(".md")) as temporary:
        machine = machine_line(record.notes["machine"])
        temporary.write_text(f"{table(rows)}\n\n{machine}\n", encoding="utf-8")
    record.counts = {"rows": len(rows), "benchmark": asdict(config)["name"]}
    record.write(record_path(path))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; 0 when every benchmark ran, whether or not its goals hold."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__.splitlines()[0])
    parser.add_argument("name", metavar="NAME", help="all, or " + ", ".join(known_benchmarks()))
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the rows as JSON")
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that it works")
    arguments = parser.parse_args(argv)
    config = BenchConfig(arguments.name, arguments.quick)
    rows: list[Row] = []
    failed = 0
    try:
        names = choose(arguments.name)
        machine = describe_machine()
        record = RunRecord("bench", config)
        record.notes["machine"] = machine
        print(machine_line(machine), flush=True)
        for name in names:
            try:
                fresh = measure(name, quick=arguments.quick)
            except WorkbenchError as error:
                print(f"error: {name}: {error}", file=sys.stderr)
                failed += 1
                continue
            print(f"\n{name}\n{table(fresh)}", flush=True)
            rows += fresh
        if rows:
            print(f"\n{summary(rows)}")
        if arguments.json is not None and not failed:
            save(arguments.json, config, rows, record)
    except WorkbenchError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 2 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
