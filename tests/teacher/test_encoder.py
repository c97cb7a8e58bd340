"""The truncated teacher against the whole model of the library."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
import transformers

from tests.teachers import DEPTH, TOKENIZERS, save_teacher
from x2static.core.errors import ConfigError, TeacherError
from x2static.core.progress import signs
from x2static.teacher import load_teacher

KINDS = sorted(TOKENIZERS)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("teachers")
    return {kind: save_teacher(root / kind, kind) for kind in KINDS}


def sentences(seed: int, rows: int = 3, columns: int = 9) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(5, 25, (rows, columns), generator=generator)


@pytest.mark.parametrize("layer", range(DEPTH + 1))
@pytest.mark.parametrize("kind", KINDS)
def test_first_blocks_give_the_hidden_states_of_the_whole_model(folders, kind, layer):
    whole = transformers.AutoModel.from_pretrained(folders[kind]).eval()
    ids = sentences(layer)
    with torch.inference_mode():
        output = whole(
            input_ids=ids, attention_mask=torch.ones_like(ids), output_hidden_states=True
        )
    teacher = load_teacher(str(folders[kind]), layer, "cpu", "fp32")
    assert torch.equal(teacher.hidden_states(ids, None), output.hidden_states[layer])
    assert (teacher.layer, teacher.depth) == (layer, DEPTH)


@pytest.mark.parametrize("layer", range(1, DEPTH + 1))
@pytest.mark.parametrize("kind", KINDS)
def test_the_lower_states_are_those_of_a_block_below(folders, kind, layer):
    whole = transformers.AutoModel.from_pretrained(folders[kind]).eval()
    ids = sentences(layer)
    with torch.inference_mode():
        states = whole(
            input_ids=ids, attention_mask=torch.ones_like(ids), output_hidden_states=True
        ).hidden_states
    teacher = load_teacher(str(folders[kind]), layer, "cpu", "fp32", with_lower=True)
    assert teacher.lower is not None
    assert teacher.lower < layer
    upper, lower = teacher.layer_states(ids, None)
    assert torch.equal(upper, states[layer])
    assert torch.equal(lower, states[teacher.lower])


@pytest.mark.parametrize(("layer", "lower"), [(12, 8), (9, 6), (6, 4), (3, 2), (1, 0)])
def test_the_lower_block_lies_at_two_thirds_of_the_way(tmp_path, layer, lower):
    save_teacher(tmp_path, "bert")
    config = transformers.BertConfig.from_pretrained(tmp_path, num_hidden_layers=12)
    transformers.BertModel(config).save_pretrained(tmp_path)
    assert load_teacher(str(tmp_path), layer, "cpu", "fp32", with_lower=True).lower == lower


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_wanted_blocks_are_built(folders, kind):
    teacher = load_teacher(str(folders[kind]), 2, "cpu", "fp32")
    whole = transformers.AutoModel.from_pretrained(folders[kind])
    ours = sum(
        p.numel() for name, p in teacher.model.named_parameters() if "embeddings" not in name
    )
    theirs = sum(p.numel() for name, p in whole.named_parameters() if "embeddings" not in name)
    assert ours < 0.6 * theirs


@pytest.mark.parametrize("kind", KINDS)  # pad id 1 for the RoBERTas, 0 for the BERTs
def test_padding_does_not_change_a_sentence(folders, kind):
    teacher = load_teacher(str(folders[kind]), 3, "cpu", "fp32")
    ids = sentences(7, rows=1, columns=6)
    alone = teacher.hidden_states(ids, None)
    padded = torch.cat([ids, torch.full((1, 5), teacher.pieces.pad_id)], dim=1)
    batch = torch.cat([padded, sentences(8, rows=1, columns=11)])
    mask = (torch.arange(11) < torch.tensor([[6], [11]])).long()
    together = teacher.hidden_states(batch, mask)
    torch.testing.assert_close(together[:1, :6], alone, rtol=1e-4, atol=1e-5)


def test_layers_count_from_either_end(folders):
    name = str(folders["bert"])
    assert load_teacher(name, None, "cpu").layer == DEPTH // 2
    assert load_teacher(name, -1, "cpu").layer == DEPTH
    assert load_teacher(name, -DEPTH - 1, "cpu").layer == 0


@pytest.mark.parametrize("layer", [DEPTH + 1, -DEPTH - 2])
def test_unknown_layer_names_the_choice(folders, layer):
    with pytest.raises(ConfigError, match=r"this teacher has 4 layers; choose 0 .* to 4"):
        load_teacher(str(folders["bert"]), layer, "cpu")


def test_longest_input_leaves_out_the_positions_kept_for_padding(folders):
    assert load_teacher(str(folders["xlm-roberta"]), 1, "cpu").max_pieces == 40 - 2
    assert load_teacher(str(folders["bert"]), 1, "cpu").max_pieces == 40


def test_what_takes_its_time_is_named(folders, monkeypatch):
    monkeypatch.setattr(signs, "doing", "")
    load_teacher(str(folders["bert"]), 1, "cpu")
    assert signs.doing == f"loading {folders['bert']}"


def test_half_precision_stays_close(folders):
    ids = sentences(3)
    full = load_teacher(str(folders["bert"]), 2, "cpu", "fp32").hidden_states(ids, None)
    half = load_teacher(str(folders["bert"]), 2, "cpu", "bf16").hidden_states(ids, None)
    assert half.dtype == torch.bfloat16
    assert torch.cosine_similarity(full, half.float(), dim=2).min() > 0.999


def test_cuda_is_refused_where_there_is_none(folders):
    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device here")
    with pytest.raises(ConfigError, match="--device cuda: torch sees no CUDA device"):
        load_teacher(str(folders["bert"]), 1, "cuda")


def copy(folders: dict[str, Path], target: Path) -> Path:
    return Path(shutil.copytree(folders["xlm-roberta"], target))


def test_missing_folder(tmp_path):
    with pytest.raises(TeacherError, match="no such model folder"):
        load_teacher(str(tmp_path / "absent" / "deeper"), 1, "cpu")


def test_a_name_like_a_folder_beside_others_is_not_looked_for_on_the_hub(tmp_path, monkeypatch):
    (tmp_path / "models").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TeacherError, match="models/mine: no such model folder"):
        load_teacher("models/mine", 1, "cpu")


def test_folder_without_config(tmp_path):
    with pytest.raises(TeacherError, match=r"not a model that can be loaded .* config\.json"):
        load_teacher(str(tmp_path), 1, "cpu")


def test_folder_without_tokenizer(folders, tmp_path):
    folder = copy(folders, tmp_path / "t")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).unlink()
    with pytest.raises(TeacherError, match=r"no tokenizer in this folder; put tokenizer\.json"):
        load_teacher(str(folder), 1, "cpu")


def test_torn_weights(folders, tmp_path):
    folder = copy(folders, tmp_path / "t")
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:500])
    with pytest.raises(TeacherError, match="its weights have 500 bytes"):
        load_teacher(str(folder), 1, "cpu")


def test_folder_without_weights(folders, tmp_path):
    folder = copy(folders, tmp_path / "t")
    (folder / "model.safetensors").unlink()
    with pytest.raises(TeacherError, match="weights cannot be loaded"):
        load_teacher(str(folder), 1, "cpu")


def test_tokenizer_of_another_model(folders, tmp_path):
    folder = copy(folders, tmp_path / "t")
    TOKENIZERS["roberta"]().save_pretrained(folder)
    with pytest.raises(TeacherError, match="its tokenizer has ids up to 263, its model only"):
        load_teacher(str(folder), 1, "cpu")
