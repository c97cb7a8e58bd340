"""Whether the same run of ``align`` has filled its places before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from align.config import AlignConfig
from align.output import is_folder
from x2static.core.setting import deciding
from x2static.core.storage.outputs import Outputs
from x2static.core.storage.run_record import RunRecord, read_record


def finished_before(
    config: AlignConfig, outputs: Outputs, record: RunRecord
) -> dict[str, Any] | None:
    """Claim all places before any work; with ``--resume``, what the same run has found, or None.

    All outputs appear at once, so the record of the source tells of all of them.
    """
    outputs.claim(
        config.output_source,
        "--output-source",
        may_be_there=config.resume,
        is_folder=is_folder(config.output_source, config.output_format),
    )
    past = read_record(config.output_source) if config.resume and not config.overwrite else None
    more = [path for path in (config.save_map, config.induce) if path is not None]
    is_same = past is not None and _is_same(past, record)
    is_done = is_same and all(path.exists() for path in (config.output_target, *more))
    outputs.claim(
        config.output_target,
        "--output-target",
        may_be_there=is_done,
        is_folder=is_folder(config.output_target, config.output_format),
    )
    for flag, path in (("--save-map", config.save_map), ("--induce", config.induce)):
        if path is not None:
            outputs.claim(
                path, flag, is_folder=False, may_be_there=is_done, is_ours=lambda _: is_done
            )
    if past is None or not is_done:
        outputs.check()
        return None
    return {**past["counts"], **past["result"]}


def _is_same(past: Mapping[str, Any], record: RunRecord) -> bool:
    settings, result = past.get("settings"), past.get("result")
    return (
        isinstance(settings, dict)
        and isinstance(result, dict)
        and isinstance(past.get("counts"), dict)
        and _deciding(settings) == _deciding(record.settings)
        and past.get("inputs") == record.inputs
    )


def _deciding(settings: Mapping[str, Any]) -> dict[str, Any]:
    return deciding(AlignConfig, settings, with_places=True)
