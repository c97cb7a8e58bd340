"""The command from end to end: rules, counts, determinism, errors, interruption."""

from __future__ import annotations

import gzip
import json
import lzma
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from x2static.core.errors import ConfigError, CorpusError, WorkbenchError
from x2static.core.text.corpus import iter_sentences
from x2static.prepare.config import PrepareConfig
from x2static.prepare.stage import prepare
from x2static.prepare.tally import LINES, PARAGRAPHS, SENTENCES

Prepare = Callable[..., tuple[str, dict[str, int]]]

TWO = "One two three four five six. Seven eight nine ten eleven twelve thirteen.\n"
STORY = "".join(
    f"The {adjective} {noun} number {i} went home that day. It was {noun} {i} of a long story.\n"
    for i, (adjective, noun) in enumerate(
        (a, n) for a in ("old", "young", "grey", "tall") for n in ("cat", "dog", "tree", "house")
    )
)


def check_sums(counts: dict[str, int]) -> None:
    assert counts["lines"] == sum(counts[name] for name in LINES)
    assert counts["paragraphs"] == sum(counts[name] for name in PARAGRAPHS)
    assert counts["sentences"] == sum(counts[name] for name in SENTENCES)
    assert min(counts.values()) >= 0


def test_paper_rules_keep_seven_tokens_and_two_sentences(prepare_text: Prepare) -> None:
    text, counts = prepare_text(TWO + "A headline of seven tokens and one sentence\n\nHi. Ho.\n")
    assert text == "One two three four five six .\nSeven eight nine ten eleven twelve thirteen .\n"
    assert counts["sentences_in_dropped_paragraphs"] == 1
    assert counts["paragraphs_of_too_few_sentences"] == 1
    assert counts["sentences_too_short"] == 2
    assert counts["blank_lines"] == 1
    assert counts["tokens_written"] == 15
    check_sums(counts)


def test_a_blank_line_stands_between_paragraphs(prepare_text: Prepare, tmp_path: Path) -> None:
    text, counts = prepare_text("A b. C d.\n\n\nE f. G h.\nI j. K.\n", min_tokens=3)
    assert text == "A b .\nC d .\n\nE f .\nG h .\n\nI j .\n"
    assert counts["paragraphs_written"] == 3
    paragraphs = (tmp_path / "prepared.txt").read_text(encoding="utf-8").strip().split("\n\n")
    assert [len(part.split("\n")) for part in paragraphs] == [2, 2, 1]


@pytest.mark.parametrize(
    ("rules", "kept"),
    [
        ("paper", ["b"]),
        ("bommasani", ["a", "b", "c"]),
        ("gupta-jaggi", ["c"]),
        ("all", ["a", "b", "c", "d"]),
    ],
)
def test_published_rules(prepare_text: Prepare, rules: str, kept: list[str]) -> None:
    sentence = "this is a sentence of ten tokens."  # with its letter and the full stop
    lines = {
        "a": f"A {sentence}",
        "b": f"B {sentence} B {sentence}",
        "c": f"{'C c. ' * 100}\nC {sentence}",
        "d": f"D{' d' * 80}.",
    }
    text, counts = prepare_text("\n".join(lines.values()), rules=rules)
    check_sums(counts)
    assert [name for name in lines if f"{name.upper()} " in text] == kept


def test_flags_win_over_the_named_rules() -> None:
    config = PrepareConfig(
        language="en", input="x", output=Path("y"), rules="bommasani", min_tokens=3
    )
    assert (config.resolved_rules().min_tokens, config.resolved_rules().max_tokens) == (3, 75)


@pytest.mark.parametrize(
    ("sentence", "is_kept"),
    [
        ("Kitaplıklarımızdakilerden bahsediyorlardı.", True),  # two words of 40 letters
        ("Kitap okuyorlar.", False),
        ("가나다라마바사아자차카타파하가", True),  # 15 syllables
        ("가나다라마바사아자차카타파하", False),
        ("我來到北京清華大學念", True),  # 10 characters
        ("我來到北京清華大學", False),
        ("a b c d e f g", True),
        ("a b c d e f", False),
    ],
)
def test_long_words_make_up_for_few(prepare_text: Prepare, sentence: str, is_kept: bool) -> None:
    more = {"rules": "letters", "min_sentences": 1, "tokenizer": "whitespace"}
    text, counts = prepare_text(f"{sentence}\none two three four five six seven\n", **more)
    assert (sentence in text) == is_kept
    check_sums(counts)


def test_a_rule_that_takes_much_says_how_to_loosen_it(run_cli, tmp_path: Path) -> None:
    source = tmp_path / "raw.txt"
    source.write_text("One two three four five six. Too few words.\nAlone is this one, of seven.\n")
    flags = ("prepare", "--language", "rw", "--input", source, "--workers", 1)
    _, out, _ = run_cli(*flags, "--output", tmp_path / "a")
    assert "33 % of the sentences stand in lines of fewer than 2 sentences; if each" in out
    assert "50 % of the sentences have fewer than 7 words; where words are long, --rules" in out
    _, out, _ = run_cli(*flags, "--output", tmp_path / "b", "--min-sentences", 1, "--min-tokens", 2)
    assert "% of the sentences" not in out


def test_longer_sentences_are_dropped(prepare_text: Prepare) -> None:
    text, counts = prepare_text(TWO, max_tokens=7)
    assert text == "One two three four five six .\n"
    assert counts["sentences_too_long"] == 1
    check_sums(counts)


def test_each_sentence_is_kept_once_unless_asked(prepare_text: Prepare) -> None:
    text, counts = prepare_text(TWO * 3)
    assert (text.count("One"), counts["sentences_duplicate"]) == (1, 4)
    check_sums(counts)
    text, counts = prepare_text(TWO * 3, deduplicate=False)
    assert (text.count("One"), counts["sentences_duplicate"]) == (3, 0)
    check_sums(counts)


@pytest.mark.parametrize("block_bytes", [5, 30, 1000])
def test_paragraphs_and_duplicates_hold_across_blocks(
    prepare_text: Prepare, monkeypatch: pytest.MonkeyPatch, block_bytes: int
) -> None:
    monkeypatch.setattr("x2static.prepare.source.BLOCK_BYTES", block_bytes)
    text, _ = prepare_text("A a. B b.\nA a. C c.\nA a. B b.\nC c. D d.\n", min_tokens=1)
    assert text == "A a .\nB b .\n\nC c .\n\nD d .\n"


def test_lower_case_is_of_the_language_and_before_deduplication(prepare_text: Prepare) -> None:
    text, counts = prepare_text(
        "IŞIK İZMİR. Işık İzmir.\n", language="tr", lowercase=True, min_tokens=1
    )
    assert text == "ışık izmir .\n"
    assert counts["sentences_duplicate"] == 1


def test_control_tokens_are_words_no_more(prepare_text: Prepare) -> None:
    text, _ = prepare_text("a <s> b</s> [MASK] <3\n", tokenizer="whitespace", rules="all")
    assert text == "a < s > b < /s > [ MASK ] <3\n"


def test_sample_is_uniform_in_order_and_seeded(prepare_text: Prepare) -> None:
    lines = [f"Sentence number {i} has seven tokens." for i in range(500)]
    whole = [line.replace(".", " .") for line in lines]
    draws = []
    for seed in (1, 1, 2):
        text, counts = prepare_text(
            "\n".join(lines), max_sentences=50, min_sentences=1, min_tokens=2, seed=seed
        )
        draws.append([line for line in text.split("\n") if line])
        assert counts["sentences_not_sampled"] == 450
        check_sums(counts)
    assert draws[0] == draws[1] != draws[2]
    assert [whole.index(line) for line in draws[0]] == sorted(map(whole.index, draws[0]))
    assert max(map(whole.index, draws[0])) > 400


def test_no_limit_keeps_all(prepare_text: Prepare) -> None:
    assert prepare_text(STORY, max_sentences=0) == prepare_text(STORY, max_sentences=10_000)


def test_prepared_text_prepared_again_is_the_same(prepare_text: Prepare) -> None:
    once, _ = prepare_text(STORY)
    again, _ = prepare_text(once, tokenizer="whitespace", min_sentences=1)
    assert again.split() == once.split()
    assert again.count("\n\n") == 2 * len(STORY.splitlines()) - 1  # it knows no paragraphs


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lines=st.lists(
        st.one_of(
            st.sampled_from([b"", b" ", b"A b c. D e f.", b"A b c.", b"G. H.", b"\xff", b"x" * 99]),
            st.text("ab. \u00e9\u2028<>", max_size=40).map(str.encode),
        ),
        max_size=30,
    ),
    max_sentences=st.integers(0, 5),
    rules=st.fixed_dictionaries(
        {"min_sentences": st.integers(1, 2), "min_tokens": st.integers(1, 4),
         "max_tokens": st.sampled_from([0, 4, 6]), "deduplicate": st.booleans()}
    ),
)  # fmt: skip
def test_counts_add_up(
    prepare_text: Prepare, lines: list[bytes], max_sentences: int, rules: dict[str, Any]
) -> None:
    data = b"".join(line + b"\n" for line in lines)
    try:
        text, counts = prepare_text(
            data, max_sentences=max_sentences, on_error="skip", max_line_bytes=80, **rules
        )
    except CorpusError:  # nothing was left
        return
    check_sums(counts)
    assert counts["lines"] == len(lines)
    assert counts["bad_lines"] == sum(line == b"\xff" for line in lines)
    assert counts["overlong_lines"] == sum(len(line) > 80 for line in lines)
    written = [line for line in text.split("\n") if line]
    assert len(written) == counts["sentences_written"]
    assert sum(len(line.split(" ")) for line in written) == counts["tokens_written"]
    assert all(rules["min_tokens"] <= len(line.split()) for line in written)
    if rules["deduplicate"]:
        assert len(set(written)) == len(written)


@pytest.mark.parametrize("tokenizer", ["icu", "udpipe"])
def test_any_number_of_workers_writes_the_same_bytes(
    tmp_path: Path, udpipe_model: Path, monkeypatch: pytest.MonkeyPatch, tokenizer: str
) -> None:
    monkeypatch.setattr("x2static.prepare.source.BLOCK_BYTES", 300)
    source = tmp_path / "raw.txt"
    source.write_text(STORY * 3 + TWO)
    written = []
    for workers in (1, 2, 3):
        output = tmp_path / f"{workers}.gz"
        prepare(
            PrepareConfig(
                language="en", input=str(source), output=output, workers=workers,
                tokenizer=tokenizer, max_sentences=20,  # type: ignore[arg-type]
                udpipe_model=udpipe_model if tokenizer == "udpipe" else None,
            )
        )  # fmt: skip
        written.append(output.read_bytes())
    assert written[0] == written[1] == written[2]
    assert len(list(iter_sentences(tmp_path / "1.gz"))) == 20


UNPACK: dict[str, Callable[[bytes], bytes]] = {
    ".txt": lambda data: data,
    ".gz": gzip.decompress,
    ".xz": lzma.decompress,
    ".zst": lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data),
}


@pytest.mark.parametrize("suffix", UNPACK)
def test_suffix_chooses_the_compression_and_bytes_repeat(tmp_path: Path, suffix: str) -> None:
    source = tmp_path / "raw.txt"
    source.write_text(TWO)
    outputs = []
    for name in ("a", "b"):
        output = tmp_path / (name + suffix)
        prepare(
            PrepareConfig(language="rw", input=str(source), output=output, min_tokens=1, workers=1)
        )
        outputs.append(output.read_bytes())
        time.sleep(0.01)
    assert outputs[0] == outputs[1]
    assert UNPACK[suffix](outputs[0]).startswith(b"One two three four five six .\n")


def test_record_tells_input_counts_and_rules(prepare_text: Prepare, tmp_path: Path) -> None:
    _, counts = prepare_text(TWO)
    record = json.loads((tmp_path / "prepared.txt.run.json").read_text())
    assert record["command"] == "prepare"
    assert record["counts"] == counts
    assert record["tokenizer"] == "icu"
    assert record["rules"]["min_tokens"] == 7
    assert record["inputs"][str(tmp_path / "raw.txt")]["bytes"] == len(TWO)


def test_command_line_prints_what_was_kept(
    run_cli: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    source = tmp_path / "raw.txt"
    source.write_text(TWO + "Short. One.\n")
    output = tmp_path / "out.txt"
    code, out, err = run_cli(
        "prepare", "--language", "qqx", "--input", source, "--output", output, "--workers", 1
    )
    assert code == 0
    assert f"{output}: 2 sentences, 15 tokens, by icu" in out
    assert "2 too short" in out
    assert "note: language 'qqx' is unknown to ICU" in err


@pytest.mark.parametrize("language", ["ko", "it", "qqx"])
def test_text_in_another_writing_than_the_languages_is_said(
    run_cli: Callable[..., tuple[int, str, str]], tmp_path: Path, language: str
) -> None:
    source, output = tmp_path / "raw.txt", tmp_path / "out.txt"
    source.write_text("".join(f"Il cane numero {i} dorme nella casa rossa\n" for i in range(20)))
    code, _, err = run_cli(
        "prepare", "--language", language, "--input", source, "--output", output, "--workers", 1,
        "--tokenizer", "whitespace", "--rules", "all",
    )  # fmt: skip
    assert code == 0, err
    record = json.loads((tmp_path / "out.txt.run.json").read_text())
    if language == "qqx":  # nobody knows how it is written
        assert "script" not in record
    else:
        share = 0.0 if language == "ko" else 1.0
        assert record["script"] == {"language": language, "share": share, "mostly": "LATIN"}
    warned = f"warning: {source}: 0% of its letters are Cjk or Hangul, as ko is written" in err
    assert warned == (language == "ko"), err


def test_many_single_sentences_bring_a_hint(
    run_cli: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    source = tmp_path / "raw.txt"
    source.write_text("One sentence only here.\n" * 20 + TWO)
    _, out, _ = run_cli(
        "prepare", "--language", "rw", "--input", source, "--output", tmp_path / "o", "--workers", 1
    )
    assert "pass --min-sentences 1" in out


def arguments(tmp_path: Path, data: bytes | None, *more: object) -> list[object]:
    source = tmp_path / "raw.txt"
    if data is not None:
        source.write_bytes(data)
    return ["prepare", "--language", "rw", "--input", source, "--output", tmp_path / "out" / "o.gz",
            "--workers", 1, *more]  # fmt: skip


@pytest.mark.parametrize(
    ("pattern", "data", "more"),
    [
        (r"raw\.txt:2: not UTF-8", b"ok\n\xff\n", []),
        (r"raw\.txt:1: a line of more than 9 bytes", TWO.encode(), ["--max-line-bytes", 9]),
        (r"raw\.txt: no text in 0 lines", b"", []),
        (r"raw\.txt: no text in 2 lines", b"\n \n", []),
        (r"raw\.txt: no such file", None, []),
        (r"if each line is one sentence, pass --min-sentences 1", b"One. \nTwo.\n", []),
        (r"lower --min-tokens \(now 99\)", TWO.encode(), ["--min-tokens", 99]),
        (r"raw\.txt: broken compressed data", gzip.compress(os.urandom(999))[:500], []),
        (r"--workers must be at least 0", b"", ["--workers", -1]),
        (r"--max-tokens 3 is below --min-tokens 7", b"", ["--max-tokens", 3]),
        (r"add --min-sentences 1", b"", ["--tokenizer", "whitespace"]),
        (r"no use with --tokenizer icu", b"", ["--tokenizer", "icu", "--udpipe-model", "x"]),
        (r"--udpipe-model x: no such file", b"", ["--udpipe-model", "x"]),
        (r"use the code 'de' for 'ger'", b"", ["--language", "ger"]),
        (r"expected hf:NAME", b"", ["--input", "hf:a:b:c:d"]),
    ],
)
def test_mistakes_are_one_line_and_leave_nothing(
    refuses: Callable[..., None], tmp_path: Path, pattern: str, data: bytes | None, more: list[Any]
) -> None:
    refuses(pattern, *arguments(tmp_path, data, *more))
    assert not list(tmp_path.glob("out/*"))


def test_existing_output_and_input_as_output_are_refused(
    refuses: Callable[..., None], tmp_path: Path
) -> None:
    output = tmp_path / "out" / "o.gz"
    output.parent.mkdir()
    output.write_text("precious")
    refuses(r"exists already; .* --overwrite", *arguments(tmp_path, TWO.encode()))
    refuses(r"the --input", *arguments(tmp_path, None, "--input", output, "--overwrite"))
    refuses(r"not UTF-8", *arguments(tmp_path, b"\xff", "--overwrite"))
    assert output.read_text() == "precious"


def command(tmp_path: Path, *more: object) -> list[str]:
    words = [sys.executable, "-m", "x2static", *arguments(tmp_path, None), *more]
    return [str(word) for word in words]


def _allow_small_files_only() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))


@pytest.mark.parametrize("max_sentences", [0, 10**6])
def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path: Path, max_sentences: int) -> None:
    lines = [f"{os.urandom(20).hex()} {i} a b c d e f." for i in range(2000)]
    arguments(tmp_path, "\n".join(lines).encode())
    result = subprocess.run(
        command(tmp_path, "--min-sentences", 1, "--max-sentences", max_sentences),
        preexec_fn=_allow_small_files_only, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 2
    assert result.stderr.splitlines()[-1].startswith(f"error: {tmp_path}/out/o.gz: File too large")
    assert not list((tmp_path / "out").iterdir())


def start_endless(tmp_path: Path, workers: int = 2) -> subprocess.Popen[bytes]:
    """The command on standard input that never ends, in the middle of its work."""
    process = subprocess.Popen(
        command(tmp_path, "--input", "-", "--workers", workers),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True,
    )  # fmt: skip
    assert process.stdin is not None
    for _ in range(60):
        process.stdin.write((STORY * 100).encode())
    process.stdin.flush()
    return process


def workers_of(process: subprocess.Popen[bytes]) -> list[int]:
    """Worker processes, which threads of the command start."""
    found = [
        int(child)
        for tasks in Path(f"/proc/{process.pid}/task").glob("*/children")
        for child in tasks.read_text().split()
    ]
    return sorted(found)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def wait_until_gone(pids: list[int]) -> bool:
    for _ in range(100):
        if not any(map(is_alive, pids)):
            return True
        time.sleep(0.05)
    return False


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux's /proc")
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_interruption_leaves_nothing_and_says_so(tmp_path: Path, sent: signal.Signals) -> None:
    process = start_endless(tmp_path)
    workers = workers_of(process)
    os.killpg(process.pid, sent)  # as a terminal does
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert b"interrupted: nothing was written" in err
    assert b"Traceback" not in err
    assert not list((tmp_path / "out").iterdir())
    assert wait_until_gone(workers)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux's /proc")
def test_killed_at_any_time_leaves_no_output_and_no_workers(tmp_path: Path) -> None:
    process = start_endless(tmp_path)
    workers = workers_of(process)
    assert workers
    process.kill()
    process.communicate()
    assert not (tmp_path / "out" / "o.gz").exists()
    assert wait_until_gone(workers)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux's /proc")
def test_a_killed_worker_is_one_line(tmp_path: Path) -> None:
    process = start_endless(tmp_path)
    os.kill(workers_of(process)[0], signal.SIGKILL)
    assert process.stdin is not None
    _, err = process.communicate(STORY.encode() * 5000, timeout=60)
    assert process.returncode == 2
    assert err.splitlines()[-1].startswith(b"error: a worker process ended early")
    assert not list((tmp_path / "out").iterdir())


def test_a_bug_in_a_worker_keeps_its_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from x2static.prepare.chunk import ChunkPlan
    from x2static.prepare.config import Rules
    from x2static.prepare.tokenizers.interface import TokenizerPlan
    from x2static.prepare.worker import WorkerProcess

    plan = ChunkPlan(tokenizer=TokenizerPlan(name="whitespace", language="en"), rules=Rules())
    worker = WorkerProcess(plan)
    try:
        assert worker.process(b"a b\nc\n").sentences == [b"a b", b"c"]
        assert worker.process(b"\xff").bad_line == (0, worker.process(b"\xff").bad_line[1])  # type: ignore[index]
    finally:
        worker.close()
    worker = WorkerProcess(ChunkPlan(tokenizer=TokenizerPlan(name="icu", language=""), rules=3))  # type: ignore[arg-type]
    try:
        with pytest.raises(RuntimeError, match="Traceback"):
            worker.process(b"a")
    finally:
        worker.close()


def fake_datasets(monkeypatch: pytest.MonkeyPatch, rows: list[dict[str, str]]) -> list[Any]:
    calls: list[Any] = []
    module = ModuleType("datasets")

    def load_dataset(*args: Any, **kwargs: Any) -> Any:
        calls.append((args, kwargs))
        if not rows:
            raise ConnectionError("no hub\nat all")
        return iter(rows)

    module.load_dataset = load_dataset  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "datasets", module)
    return calls


def hub_config(tmp_path: Path, address: str = "hf:cc100:de") -> PrepareConfig:
    return PrepareConfig(
        language="rw", input=address, output=tmp_path / "o.txt", min_tokens=1, workers=1
    )


def test_a_dataset_of_the_hub_is_streamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = fake_datasets(monkeypatch, [{"text": "A b. C d.\n"}, {"text": "E. F.\nG. H."}])
    outcome = prepare(hub_config(tmp_path))
    assert calls == [(("cc100", "de"), {"split": "train", "streaming": True})]
    assert (tmp_path / "o.txt").read_text() == "A b .\nC d .\n\nE .\nF .\n\nG .\nH .\n"
    assert outcome.data["counts"]["lines"] == 3


def test_a_hub_out_of_reach_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_datasets(monkeypatch, [])
    with pytest.raises(CorpusError, match=r"cannot be read .* \(no hub\); download") as caught:
        prepare(hub_config(tmp_path))
    assert "\n" not in str(caught.value)
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(WorkbenchError, match="pip install datasets"):
        prepare(hub_config(tmp_path))
    fake_datasets(monkeypatch, [{"sentence": "A."}])
    with pytest.raises(CorpusError, match="no column 'text', only sentence"):
        prepare(hub_config(tmp_path, "hf:x"))
    with pytest.raises(ConfigError, match="expected hf:NAME"):
        prepare(hub_config(tmp_path, "hf::de"))
