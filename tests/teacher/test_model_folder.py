"""A model and its tokenizer on disk, also on a disk that is full."""

import resource
from pathlib import Path

import pytest
import transformers

from tests.teachers import save_teacher, unigram_tokenizer
from x2static.teacher.loading.model_folder import save_model, save_tokenizer


@pytest.fixture
def full(tmp_path: Path):
    """Makes a name in a folder a file that takes no bytes."""

    def fill(name: str) -> Path:
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / name).symlink_to("/dev/full")
        return tmp_path / "out"

    return fill


def test_what_was_saved_is_loaded(tmp_path):
    model = transformers.AutoModel.from_pretrained(save_teacher(tmp_path / "a"))
    save_model(model, unigram_tokenizer(), tmp_path / "b")
    again = transformers.AutoModel.from_pretrained(tmp_path / "b")
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path / "b")
    assert all(w.equal(v) for w, v in zip(model.parameters(), again.parameters(), strict=True))
    assert tokenizer("the cat")["input_ids"] == unigram_tokenizer()("the cat")["input_ids"]


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json"])
def test_a_full_disk_is_the_systems_own_error(full, tmp_path, name):
    model = transformers.AutoModel.from_pretrained(save_teacher(tmp_path / "a"))
    with pytest.raises(OSError, match="No space left on device"):
        save_model(model, unigram_tokenizer(), full(name))


def test_weights_that_find_no_room_are_an_error_of_the_system(tmp_path):
    model = transformers.AutoModel.from_pretrained(save_teacher(tmp_path / "a"))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            save_model(model, unigram_tokenizer(), tmp_path / "out")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_mistake_of_ours_is_no_full_disk(tmp_path):
    class Broken:
        def save_pretrained(self, _folder: Path) -> None:
            raise TypeError("not a folder")

    with pytest.raises(TypeError):
        save_tokenizer(Broken(), tmp_path)
