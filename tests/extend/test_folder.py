"""Folders with languages: shown, exported as plain checkpoints, merged."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
import transformers

from tests.continued_pretraining.conftest import save_masked_model
from tests.extend.conftest import Command
from tests.extend.test_extend import IDS, load


def test_a_folder_says_what_it_has(
    base: Path, extended: Path, text: Path, run_cli: Command, refuses: Command
) -> None:
    code, out, err = run_cli("extend", "show", extended, "--json")
    assert code == 0, err
    (row,) = json.loads(out)["languages"]
    assert (row["language"], row["pieces"], row["fault"]) == ("fi", 36, None)
    assert list(row["text"]) == [str(text)]
    code, out, _ = run_cli("extend", "show", extended)
    assert "fi: 36 pieces" in out
    refuses("no language was added to this model", "extend", "show", base)
    refuses("nowhere: no such folder", "extend", "show", base / "nowhere")


def test_an_export_is_a_plain_checkpoint_with_the_same_answers(
    extended: Path, tmp_path: Path, run_cli: Command, refuses: Command
) -> None:
    command = ("extend", "export", "--model", extended, "--output", tmp_path / "plain")
    refuses("--language sv: .* has fi", *command, "--language", "sv")
    code, _, err = run_cli(*command, "--language", "fi")
    assert code == 0, err
    plain = transformers.AutoModel.from_pretrained(tmp_path / "plain").eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path / "plain")
    assert len(tokenizer) == plain.config.vocab_size == 36
    teacher = load(extended, "fi")
    with torch.no_grad():
        found = plain(IDS, attention_mask=torch.ones_like(IDS)).last_hidden_state
    torch.testing.assert_close(found, teacher.hidden_states(IDS, None), rtol=1e-5, atol=1e-5)
    head = transformers.AutoModelForMaskedLM.from_pretrained(tmp_path / "plain")
    assert head.get_output_embeddings().bias.abs().sum() > 0


def test_languages_of_two_folders_come_together(
    extended: Path,
    tmp_path: Path,
    run_cli: Command,
    refuses: Command,
    capsys: pytest.CaptureFixture[str],
) -> None:
    other = shutil.copytree(extended, tmp_path / "other")
    for path in (other / "languages").iterdir():
        path.rename(path.with_name(path.name.replace("fi", "et")))
    command = ("extend", "merge", "--model", extended, "--others")
    code, out, err = run_cli(*command, other, "--output", tmp_path / "both")
    assert code == 0, err
    assert "et, fi" in out
    assert load(tmp_path / "both", "et").speaker is not None
    refuses(
        "is of the same language; pass --replace",
        *command,
        extended,
        "--output",
        tmp_path / "twice",
    )
    stranger = save_masked_model(tmp_path / "stranger", seed=2)
    capsys.readouterr()  # what the library said
    refuses("added to another model", "extend", "merge", "--model", stranger, "--others", extended,
            "--output", tmp_path / "wrong")  # fmt: skip
    assert not (tmp_path / "wrong").exists()


@pytest.mark.parametrize("lost", ["fi", "fi/tokenizer.json"])
def test_a_language_without_its_tokenizer_is_one_line(
    lost: str, extended: Path, tmp_path: Path, run_cli: Command
) -> None:
    copy = shutil.copytree(extended, tmp_path / "copy")
    path = copy / "languages" / lost
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    code, _, err = run_cli(
        "extend", "export", "--model", copy, "--language", "fi", "--output", tmp_path / "out"
    )
    assert code == 2
    assert "tokeni" in err.splitlines()[-1]
