"""``x2static run`` from end to end with a tiny teacher."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from tests.distill.conftest import write_corpus
from tests.teachers import WORDS, save_teacher

TOML = """
output = "Läufe/der erste"
teacher = "teacher"
hub = "en"
corpora = "text/{}.txt"
languages = ["de", "en"]
lexicons = "lexicons/{}-en.txt"
[evaluate]
bli = "lexicons/{}-en.txt"
[prepare]
tokenizer = "whitespace"
rules = "all"
[distill]
min_count = 1
device = "cpu"
[align]
cutoff = 0
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two corpora of the same words, a teacher, a lexicon; a run over all of it."""
    place = tmp_path_factory.mktemp("Werkbank mit Leerzeichen")
    save_teacher(place / "teacher")
    for code, seed in (("de", 1), ("en", 2)):
        (place / "text").mkdir(exist_ok=True)
        write_corpus(place / "text" / f"{code}.txt", 120, seed)
        (place / "text" / f"{code}.txt").chmod(0o444)
    (place / "lexicons").mkdir()
    (place / "lexicons" / "de-en.txt").write_text("".join(f"{word} {word}\n" for word in WORDS))
    (place / "workbench.toml").write_text(TOML, encoding="utf-8")
    return place


def test_two_languages_from_text_to_scores(folder, run_cli):
    code, out, err = run_cli("run", folder / "workbench.toml")
    assert code == 0, err
    assert "10 of 10 tasks done (0 kept from before)" in out
    run = folder / "Läufe/der erste"
    assert f"x2static report '{run}' shows the scores" in out
    for name in (
        "plan.json", "workbench.toml", ".lock", "sentences/de.txt",
        "vectors/en/vectors.safetensors", "aligned/de/vectors.safetensors",
        "aligned/en/vectors.safetensors", "export/de.vec",
        "scores/bli.before/de.json", "scores/bli.after/de.json", "logs/de.distill.log",
    ):  # fmt: skip
        assert (run / name).exists(), name
    row = json.loads((run / "scores/bli.after/de.json").read_text())["rows"][0]
    assert row["source"] == "aligned/de"
    before, after = (run / f"{part}/en/vectors.safetensors" for part in ("vectors", "aligned"))
    assert before.read_bytes() == after.read_bytes()
    assert "de/distill: begins (new)" in err

    code, out, _ = run_cli("run", folder / "workbench.toml", "--dry-run")
    assert code == 0
    assert "0 tasks to run, 10 kept" in out
    began = time.monotonic()
    code, out, _ = run_cli("run", run / "workbench.toml", "--only", "prepare")
    assert code == 2  # the copy lies elsewhere: its paths do not hold
    code, out, _ = run_cli("run", folder / "workbench.toml")
    assert "(10 kept from before)" in out
    assert time.monotonic() - began < 5


def test_an_alignment_that_was_not_used_is_said_wherever_it_counts(folder, run_cli):
    turned = [*WORDS[3:], *WORDS[:3]]
    (folder / "nonsense.txt").write_text(
        "".join(f"{a} {b}\n" for a, b in zip(WORDS[::2], turned[::2], strict=True))
    )
    (folder / "truth.txt").write_text("".join(f"{word} {word}\n" for word in WORDS[1::2]))
    text = TOML.replace("der erste", "verworfen").replace("lexicons/{}-en.txt", "nonsense.txt", 1)
    file = folder / "rejected.toml"
    file.write_text(f'{text}validation = "{folder}/truth.txt"\n', encoding="utf-8")
    code, out, err = run_cli("run", file)
    assert code == 0, err
    why = "alignment rejected (held-back CSLS P@1 "
    assert f"warning: de: {why}" in err
    assert f"de/align: {why}" in err
    assert "written unaligned: de" in out
    row = next(line for line in out.splitlines() if line.startswith("de "))
    assert row.count("REJECTED") == 1
    assert "REJECTED" not in next(line for line in out.splitlines() if line.startswith("en "))
    code, out, err = run_cli("run", file, "--json")
    assert code == 0
    assert json.loads(out)["rejected_alignments"]["de"].startswith(why), "kept, and rejected still"
    assert f"warning: de: {why}" in err


def test_a_failed_language_does_not_stop_the_others(folder, run_cli):
    (folder / "text/fr.txt").write_bytes(b"good line of text\n\xff\xfe\n")
    (folder / "lexicons/fr-en.txt").write_text("the the\n")
    text = TOML.replace('["de", "en"]', '["de", "fr", "en"]').replace("der erste", "der zweite")
    file = folder / "failing.toml"
    file.write_text(text, encoding="utf-8")
    code, out, err = run_cli("run", file, "--only", "prepare")
    assert code == 2
    last = err.splitlines()[-1]
    log = folder / "Läufe/der zweite/logs/fr.prepare.log"
    assert last.startswith("error: 1 tasks failed; ")
    assert f"fr/prepare: {folder}/text/fr.txt:2: not UTF-8" in last
    assert str(log) in last
    assert "FAILED" in out
    plan = json.loads((folder / "Läufe/der zweite/plan.json").read_text())
    states = {f"{t['language']}/{t['stage']}": t["state"] for t in plan["tasks"]}
    assert (states["fr/prepare"], states["de/prepare"]) == ("failed", "done")
    assert states["fr/distill"] == "waiting"


def test_nothing_is_touched_when_the_file_is_wrong(folder, refuses):
    file = folder / "wrong.toml"
    file.write_text(TOML.replace("der erste", "nie").replace("cutoff", "cutof"), encoding="utf-8")
    refuses(r"\[align\]: unknown setting 'cutof'; did you mean 'cutoff'\?", "run", file)
    assert not (folder / "Läufe/nie").exists()


def test_a_missing_file_and_a_wrong_address_are_one_line(folder, refuses):
    refuses("gone.toml: No such file", "run", folder / "gone.toml")
    refuses("--from distil: no such stage; did you mean 'distill'", "run",
            folder / "workbench.toml", "--from", "distil")  # fmt: skip


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_one_line(folder, refuses):
    (folder / "Läufe").chmod(0o555)
    refuses("Permission denied", "run", folder / "workbench.toml")
