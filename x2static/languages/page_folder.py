"""A folder with a result as JSON and as a page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from x2static.core.storage.outputs import Outputs
from x2static.core.storage.run_record import RunRecord


def write_page_folder(
    folder: Path, outputs: Outputs, record: RunRecord, name: str, data: Mapping[str, Any], page: str
) -> None:
    """Write the folder with its run record, whole or not at all.

    Args:
        folder: which ``outputs`` has claimed.
        outputs: of the command.
        record: of the run.
        name: of the JSON file.
        data: its content.
        page: of ``index.html``.
    """
    with outputs.together() as batch:
        with batch.stage(folder) as temporary:
            temporary.mkdir()
            text = json.dumps(data, ensure_ascii=False, indent=1) + "\n"
            (temporary / name).write_text(text, encoding="utf-8")
            (temporary / "index.html").write_text(page, encoding="utf-8")
        batch.record(record, folder)
