"""The presets resolve to the settings of the published programs."""

from __future__ import annotations

import pytest

from align.config import AlignConfig
from align.vecmap.presets import PRESETS, preset_settings
from x2static.core.config import build
from x2static.core.errors import ConfigError

# seeds, normalize, mapping, whiten, re-weights, learns, cutoff, csls, direction, keep, patience
U, L = "unsupervised", "lexicon"
UCU, UC = ("unit", "center", "unit"), ("unit", "center")
MULTI, ONE, NO = "multistep", "orthogonal", None
TABLE = {
    "supervised": (L, UCU, MULTI, True, 0.5, 0.5, False, NO, NO, NO, NO, NO),
    "semi-supervised": (L, UCU, MULTI, True, 0.5, 0.5, True, 20000, 10, "union", 0.1, 50),
    "identical": ("identical", UCU, MULTI, True, 0.5, 0.5, True, 20000, 10, "union", 0.1, 50),
    "unsupervised": (U, UCU, MULTI, True, 0.5, 0.5, True, 20000, 10, "union", 0.1, 50),
    "acl2018": (U, UCU, MULTI, True, 0.5, 0.5, True, 20000, 10, "union", 0.1, 50),
    "aaai2018": (L, UC, MULTI, True, 0.0, 1.0, False, NO, NO, NO, NO, NO),
    "acl2017": ("numerals", UC, ONE, NO, NO, NO, True, 0, 0, "forward", 1.0, 1),
    "acl2017-seed": (L, UC, ONE, NO, NO, NO, True, 0, 0, "forward", 1.0, 1),
    "emnlp2016": (L, UC, ONE, NO, NO, NO, False, NO, NO, NO, NO, NO),
}
FIELDS = (
    "seeds", "normalize", "mapping", "whiten", "source_reweight", "target_reweight",
    "self_learning", "cutoff", "csls", "direction", "keep_initial", "patience",
)  # fmt: skip


def test_table_is_complete():
    assert set(TABLE) == set(PRESETS)


@pytest.mark.parametrize("preset", TABLE)
def test_preset_resolves_to_the_published_settings(preset, tmp_path):
    flags = {
        name: tmp_path / name for name in ("source", "target", "output_source", "output_target")
    }
    if TABLE[preset][0] == "lexicon":
        flags["lexicon"] = tmp_path / "lexicon"
    config = build(AlignConfig, {**flags, "preset": preset}, None, "align")
    for settings in (preset_settings(preset), config.settings()):
        for name, expected in zip(FIELDS, TABLE[preset], strict=True):
            if expected is not None:
                assert getattr(settings, name) == expected, name
        assert settings.keep_multiplier == 2
        assert settings.threshold == 1e-6
        assert settings.start_words == 4000
        assert (settings.source_dewhiten, settings.target_dewhiten) == ("source", "target")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"normalize": ("unit", "z")}, "unknown step 'z'"),
        ({"cutoff": -1}, "--cutoff must be 0 or more"),
        ({"keep_initial": 0.0}, "--keep-initial"),
        ({"keep_multiplier": 1.0}, "--keep-multiplier"),
        ({"patience": 0}, "--patience"),
        ({"ridge": float("inf")}, "--ridge must be a finite number, got inf"),
        ({"source_reweight": float("nan")}, "--source-reweight must be a finite number, got nan"),
        ({"target_reweight": float("-inf")}, "--target-reweight must be a finite number"),
        ({"threshold": float("nan")}, "--threshold must be a finite number"),
        ({"keep_multiplier": float("inf")}, "--keep-multiplier must be a finite number"),
        ({"smoothing": 1.0}, "--smoothing"),
        ({"whiten": False}, "de-whitening needs --whiten"),
    ],
)
def test_settings_out_of_range_are_refused(changes, message):
    with pytest.raises(ConfigError, match=message):
        preset_settings("unsupervised", **changes)


def test_unknown_preset_suggests_the_nearest():
    with pytest.raises(ConfigError, match="did you mean 'supervised'"):
        preset_settings("supervisd")
