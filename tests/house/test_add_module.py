"""The walk of CONTRIBUTING: modules of another kind are one new file and a line of a table."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from tests.teachers import save_teacher
from x2static.core.errors import TeacherError
from x2static.teacher import load_teacher, module_kinds


class Shifts:
    """A shift of the embeddings for each language that the config lists under ``tongues``."""

    def fits(self, model):
        return bool(getattr(model.config, "tongues", None))

    def names(self, model):
        return model.config.tongues

    def own(self, model):
        return None

    def choose(self, model, name):
        if not hasattr(self, "handle"):
            self.handle = model.embeddings.register_forward_hook(
                lambda _module, _inputs, output: output + self.shift
            )
        self.shift = float(model.config.tongues.index(name))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A small BERT whose config lists two languages."""
    folder = save_teacher(tmp_path / "teacher", "bert")
    path = folder / "config.json"
    content = json.loads(path.read_text()) | {"tongues": ["English", "German"]}
    path.write_text(json.dumps(content))
    monkeypatch.setattr(module_kinds, "KINDS", (*module_kinds.KINDS, Shifts()))
    return str(folder)


def test_a_text_goes_through_the_module_of_its_language(folder):
    ids = torch.tensor([[5, 6, 7]])
    teacher = load_teacher(folder, 1, "cpu", "fp32", language="English")
    english = teacher.hidden_states(ids, None).numpy()
    teacher.speak("German")
    assert teacher.module == "German"
    assert not np.allclose(teacher.hidden_states(ids, None).numpy(), english)
    teacher.speak("English")
    np.testing.assert_array_equal(teacher.hidden_states(ids, None).numpy(), english)


def test_a_language_without_a_module_and_none_at_all_are_refused(folder):
    with pytest.raises(TeacherError, match="no module for language 'fi'; --language may be one of"):
        load_teacher(folder, 1, "cpu", "fp32", language="fi")
    with pytest.raises(TeacherError, match="say which one the text is in with --language"):
        load_teacher(folder, 1, "cpu", "fp32")


def test_a_model_without_modules_is_left_alone(tmp_path):
    teacher = load_teacher(str(save_teacher(tmp_path / "plain")), 1, "cpu", "fp32", language="de")
    assert teacher.module is None
