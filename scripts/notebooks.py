"""Run the notebooks of docs/notebooks and keep in them what they print and draw.

    .venv/bin/python scripts/notebooks.py                  # all of them
    .venv/bin/python scripts/notebooks.py 1-distil         # those whose names begin so

Jupyter does the same; this needs no server, and the tests use it.
"""

from __future__ import annotations

import ast
import base64
import io
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "notebooks"


def code_cells(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    """Those of its cells that are run."""
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def execute(notebook: dict[str, Any], name: str) -> None:
    """Run the cells one behind the other, in the notebooks' folder; each gets its outputs."""
    names: dict[str, Any] = {"__name__": "__main__"}
    with _drawing_into_files(), _inside(FOLDER):
        for number, cell in enumerate(code_cells(notebook), 1):
            cell["outputs"] = _outputs("".join(cell["source"]), f"{name}[{number}]", names)
            cell["execution_count"] = number
            for output in cell["outputs"]:
                if output["output_type"] == "execute_result":
                    output["execution_count"] = number


def printed(notebook: dict[str, Any]) -> str:
    """All that its cells print and show as text."""
    found = []
    for cell in code_cells(notebook):
        for output in cell["outputs"]:
            text = output.get("text") or output.get("data", {}).get("text/plain", [])
            found.append("".join(text))
    return "\n".join(found)


def figures(notebook: dict[str, Any]) -> list[bytes]:
    """The pictures that its cells draw, as PNG."""
    data = [output.get("data", {}) for cell in code_cells(notebook) for output in cell["outputs"]]
    return [base64.b64decode(one["image/png"]) for one in data if "image/png" in one]


def _outputs(source: str, place: str, names: dict[str, Any]) -> list[dict[str, Any]]:
    """What a cell prints, the value of its last line, the figures that it leaves open."""
    body = ast.parse(source, place).body
    last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
    screen, value = io.StringIO(), None
    with redirect_stdout(screen):
        exec(compile(ast.Module(body, []), place, "exec"), names)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), place, "eval"), names)
    outputs: list[dict[str, Any]] = []
    if screen.getvalue():
        lines = screen.getvalue().splitlines(keepends=True)
        outputs.append({"name": "stdout", "output_type": "stream", "text": lines})
    if value is not None:
        outputs.append(_shown("execute_result", {"text/plain": [repr(value)]}))
    return outputs + [_shown("display_data", {"image/png": picture}) for picture in _pictures()]


def _shown(kind: str, data: dict[str, Any]) -> dict[str, Any]:
    return {"data": data, "metadata": {}, "output_type": kind}


def _pictures() -> Iterator[str]:
    """Open figures, which are closed."""
    from matplotlib import pyplot as plt

    for number in plt.get_fignums():
        stream = io.BytesIO()
        figure = plt.figure(number)
        figure.savefig(
            stream, format="png", dpi=80, bbox_inches="tight", metadata={"Software": None}
        )
        plt.close(figure)
        yield base64.b64encode(stream.getvalue()).decode() + "\n"


@contextmanager
def _drawing_into_files() -> Iterator[None]:
    import matplotlib as mpl

    before = mpl.get_backend()
    mpl.use("agg")
    try:
        yield
    finally:
        mpl.use(before)


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def main(starts: list[str]) -> None:
    """Run those asked for and write them anew."""
    for path in sorted(FOLDER.glob("*.ipynb")):
        if starts and not path.name.startswith(tuple(starts)):
            continue
        notebook = json.loads(path.read_text(encoding="utf-8"))
        execute(notebook, path.stem)
        text = json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True)
        path.write_text(text + "\n", encoding="utf-8")
        print(f"{path.name}: {len(figures(notebook))} figures")


if __name__ == "__main__":
    main(sys.argv[1:])
