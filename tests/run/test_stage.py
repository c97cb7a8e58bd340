"""``x2static run`` from end to end with a tiny teacher."""

from __future__ import annotations

import json
import os
import re
import time
from pathlib import Path

import pytest

from tests.distill.conftest import write_corpus
from tests.teachers import WORDS, save_teacher
from x2static.prepare.tokenizers import udpipe_model
from x2static.run import readiness
from x2static.run.workbench.settings import with_keys

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


@pytest.mark.timeout(600)  # ten tasks, each a process of its own
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


@pytest.mark.timeout(600)  # ten tasks, each a process of its own
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
    why = "alignment rejected (held-out CSLS P@1 "
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


@pytest.fixture
def no_network(monkeypatch, tmp_path):
    """No UDPipe model in the cache, and none to be had."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(udpipe_model, "_package_folder", lambda: tmp_path / "spacy_udpipe")
    (tmp_path / "spacy_udpipe").mkdir()
    names = {"de": "german.udpipe", "en": "english.udpipe"}
    (tmp_path / "spacy_udpipe/languages.json").write_text(json.dumps(names))

    def unreachable(*_: object, **__: object) -> None:
        raise OSError("Network is unreachable")

    monkeypatch.setattr(udpipe_model.urllib.request, "urlopen", unreachable)
    udpipe_model.is_downloadable.cache_clear()
    yield tmp_path / "cache/x2static/udpipe"
    udpipe_model.is_downloadable.cache_clear()


UDPIPE = TOML.replace("der erste", "nie").replace(
    'tokenizer = "whitespace"', 'tokenizer = "udpipe"'
)


def test_a_dry_run_tells_what_will_fail_with_the_key_that_mends_it(folder, run_cli, no_network):
    file = folder / "udpipe.toml"
    file.write_text(UDPIPE, encoding="utf-8")
    code, out, err = run_cli("run", file, "--dry-run")
    assert code == 2
    why = "no UDPipe model for 'de', and https://lindat.mff.cuni.cz/repository/xmlui/bitstream/handle/"
    assert f"FAILS: {why}" in out
    remedy = 'set udpipe_model = "FILE" under [languages.de.prepare], or tokenizer = "icu" under'
    assert f"cannot be reached: {remedy} [languages.de]" in out
    assert "--udpipe-model" not in out + err
    assert err.startswith("error: 2 of 10 tasks would fail, and all that waits for them: ")
    assert len(err.splitlines()) == 1
    no_network.mkdir(parents=True)
    for name in ("german.udpipe", "english.udpipe"):
        (no_network / name).touch()
    code, out, err = run_cli("run", file, "--dry-run")
    assert (code, "FAILS" in out, "10 tasks to run" in out) == (0, False, True), err


def test_a_dry_run_says_what_is_going_to_be_fetched(folder, run_cli, no_network, monkeypatch):
    monkeypatch.setattr(readiness, "is_downloadable", lambda name: True)
    file = folder / "udpipe.toml"
    file.write_text(UDPIPE, encoding="utf-8")
    code, out, _ = run_cli("run", file, "--dry-run")
    assert code == 0
    line = next(line for line in out.splitlines() if line.startswith("de/prepare"))
    assert re.search(r"run: new; downloads https://\S+/german\.udpipe$", line)


def test_a_dry_run_misses_packages(folder, run_cli, monkeypatch):
    there = readiness._is_there
    gone = ("faiss", "torch")
    monkeypatch.setattr(readiness, "_is_there", lambda name: name not in gone and there(name))
    code, out, err = run_cli("run", folder / "workbench.toml", "--from", "prepare", "--dry-run")
    assert code == 2
    assert "FAILS: needs the package torch: pip install 'x2static-workbench[distill]'" in out
    assert (
        "FAILS: needs the package faiss: pip install 'x2static-workbench[faiss]', "
        'or set index = "exact" under [eval_bli]'
    ) in out
    assert err.startswith("error: 4 of 10 tasks would fail")


def test_a_failed_task_names_keys_and_not_flags(folder, run_cli, no_network):
    assert with_keys("pass --udpipe-model FILE or --no-such", "prepare", "prepare.") == (
        "pass prepare.udpipe_model FILE or --no-such"
    )
    file = folder / "wrong.toml"
    file.write_text(TOML.replace("[distill]", "min_tokens = 0\n[distill]"), encoding="utf-8")
    code, _, err = run_cli("run", file)
    assert code == 2
    assert "[prepare]: min_tokens must be" in err


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
    refuses(
        "--from distil: no such stage; did you mean 'distill'",
        "run",
        folder / "workbench.toml",
        "--from",
        "distil",
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_one_line(folder, refuses):
    (folder / "Läufe").chmod(0o555)
    refuses("Permission denied", "run", folder / "workbench.toml")
