"""``python -m tests.kill_points.server``: scenarios, each in a fork of a process with all modules.

A line ``[SCENARIO, FOLDER]`` asks; a line of JSON answers: the result, or ``{"error": TEXT}``. What
one scenario had to import, those after it find loaded.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

from tests.kill_points.modules import Notes, load
from tests.kill_points.runner import try_scenario


def main() -> None:
    """Answer until there is no more question."""
    sys.dont_write_bytecode = True
    for line in sys.stdin:
        name, folder = json.loads(line)
        answer = in_a_fork(name, Path(folder))
        load(Notes(**answer.pop("notes", {})))
        print(json.dumps(answer), flush=True)


def in_a_fork(name: str, folder: Path) -> dict[str, Any]:
    """What came of a scenario; a process that ended otherwise is an error with what it printed."""
    folder.mkdir(parents=True, exist_ok=True)
    said, told = folder / "printed.txt", folder / "answer.json"
    child = os.fork()
    if child == 0:
        with said.open("w") as stream:
            os.dup2(stream.fileno(), 1)
            os.dup2(stream.fileno(), 2)
        try:
            told.write_text(json.dumps(try_scenario(name, folder)))
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(0)
    os.waitpid(child, 0)
    if not told.exists():
        return {"error": said.read_text()}
    answer: dict[str, Any] = json.loads(told.read_text())
    return answer


if __name__ == "__main__":
    main()
