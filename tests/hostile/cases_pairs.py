"""``pretrain --bitext``: sentence pairs that cannot be meant."""

from __future__ import annotations

from collections.abc import Mapping

from tests.hostile.case import Case, Content, numbers
from tests.hostile.models import model

PAIRS = (
    "pretrain --model m --block 16 --loss none --mlm-weight 0 --device cpu --steps 1 --output out"
)
LINES = ("the cat sat\n" * 40, "a dog ran\n" * 40)
KEYED = ["".join(f"{key:03d}\tthe {word}\n" for key in range(40)) for word in ("cat", "dog")]
BITEXT: dict[str, Content] = {
    "m": model("masked"),
    "s/en.tsv": KEYED[0],
    "s/de.tsv": KEYED[1],
    "a.en": LINES[0],
    "a.de": LINES[1],
}


def pairs(
    name: str,
    words: str,
    line: str,
    files: Mapping[str, Content] = {},
) -> Case:
    """Sentence pairs that the command cannot use."""
    return Case(
        name=f"pretrain-bitext-{name}",
        command=f"{PAIRS} {words}",
        files={**BITEXT, **files},
        line=line,
    )


SOURCES = [
    pairs("gone", "--bitext t/*.tsv", "--bitext t/.*: no such file"),
    pairs("one-language", "--bitext s/en.tsv", "s/en.tsv: no other language beside it"),
    pairs("one-language-twice", "--bitext s/en.tsv s/*.tsv", "is the same source and language"),
    pairs("unknown-code", "--bitext xx-de=a.en,a.de", "--bitext xx-de=.*unknown code 'xx'"),
    pairs("unknown-code-of-a-file", "--bitext s/*.tsv", "s/qq.tsv: unknown code 'qq'",
          {"s/qq.tsv": KEYED[0]}),
    pairs("with-itself", "--bitext de-de=a.en,a.de", "two different languages make a pair"),
    pairs("three-files", "--bitext en-de=a.en,a.de,a.en", "give two files, a comma between"),
    pairs("file-is-gone", "--bitext en-de=a.en,b.de", "b.de: no such file"),
    pairs("given-twice", "--bitext en-de=a.en,a.de en-de=a.en,a.de", "are given twice"),
    pairs("unequal-length", "--bitext en-de=a.en,a.de", "a.de has 40 sentences, a.en 41",
          {"a.en": LINES[0] + "one more\n"}),
    pairs("empty-side", "--bitext en-de=a.en,a.de", "a.en:3: no sentence here",
          {"a.en": "the cat\na dog\n\na mouse\n"}),
    pairs("no-tab", "--bitext en-de=a.en", "a.en:1: expected a sentence, a tab .* found 0 tabs"),
    pairs("tab-without-sentence", "--bitext en-de=t.tsv", "t.tsv:2: no sentence here",
          {"t.tsv": "the cat\ta dog\nthe mat\t \n"}),
    pairs("empty", "--bitext en-de=a.en,a.de", "a.en: no sentence in it", {"a.en": ""}),
    pairs("no-common-key", "--bitext s/*.tsv", "no two languages have a sentence pair in common",
          {"s/de.tsv": KEYED[1].replace("\t", "z\t")}),
    pairs("keys-out-of-order", "--bitext s/*.tsv", "s/de.tsv:2: key '001' comes after",
          {"s/de.tsv": "002\tthe cat\n001\tthe dog\n"}),
    pairs("latin-1", "--bitext en-de=a.en,a.de", "a.en:1: not UTF-8",
          {"a.en": "caf\xe9 noir\n".encode("latin-1")}),
]  # fmt: skip
NUMBERS = numbers("pretrain-bitext", f"{PAIRS} --bitext s/*.tsv", BITEXT, {
    "--bitext-temperature": (0, 0.5, "nan", "inf"), "--source-limit": (0, -1, 2, "nan"),
    "--mrtd-weight": (-1, "nan"), "--trtd-weight": (-1, 1e30), "--trtd-batch": (0,),
    "--detector-weight": (-1, "inf"), "--generator-layers": (0,), "--share": ("all",),
    "--sentence-weight": (-1, "nan"), "--sentence-batch": (0, 1), "--sentence-contrast": (0, -1),
    "--radius": (-1, "nan", "inf"), "--robust-rounds": (0,), "--robust": ("maybe",),
    "--tlm-weight": (-1, "nan", "inf", 1e30), "--tlm-batch": (0, -1),
    "--mlm-weight": (-1, "nan", 1e30), "--bitext-sampling": ("magic",),
})  # fmt: skip
CLASHES = [
    pairs("hub-is-missing", "--bitext s/*.tsv --bitext-sampling english --bitext-hub fr",
          "--bitext-hub fr: not among the languages of --bitext: de, en"),
    pairs("nothing-to-learn", "--bitext s/*.tsv --tlm-weight 0", "nothing to learn"),
    pairs("no-bitext", "", "nothing to learn; give --bitext"),
    pairs("text-for-nothing", "--bitext s/*.tsv --text en=a.en", "--mlm-weight 0: nothing would be"),
    pairs("block-of-5", "--bitext s/*.tsv --block 5", "--block 5: two sentences .* need at least 6"),
    pairs("scratch-without-text", "--bitext s/*.tsv --from-scratch layers=1,width=16",
          "--from-scratch trains a tokenizer on --text"),
    pairs("more-generator-than-model", "--bitext s/*.tsv --trtd-weight 1 --generator-layers 9",
          "--generator-layers 9: the model has only 3 blocks"),
    pairs("sampled-guesses", "--bitext s/*.tsv --trtd-weight 1 --sampled-pieces 5",
          "--sampled-pieces: a generator guesses among all"),
    pairs("detection-without-text", "--bitext s/*.tsv --mrtd-weight 1", "--text names no file"),
    pairs("detection-without-pairs", "--trtd-weight 1", "--trtd-weight needs --bitext"),
    pairs("sentences-without-pairs", "--sentence-weight 1", "--sentence-weight needs --bitext"),
    pairs("sentence-layer-99", "--bitext s/*.tsv --sentence-weight 1 --sentence-layer 99",
          "--sentence-layer 99: this teacher has 3 layers"),
    pairs("sentence-layer-0", "--bitext s/*.tsv --sentence-weight 1 --sentence-layer 0",
          "--sentence-layer 0: embeddings are no states"),
    pairs("unknown-sentence-loss", "--bitext s/*.tsv --sentence-weight 1 --sentence-loss magic",
          "--sentence-loss magic: known are translations, targets, cosine"),
    pairs("sentence-loss-twice",
          "--bitext s/*.tsv --sentence-weight 1 --sentence-loss translations translations",
          "--sentence-loss: name each loss once"),
    pairs("targets-without-encoder", "--bitext s/*.tsv --sentence-weight 1 --sentence-loss cosine",
          "need vectors; give --sentence-encoder"),
    pairs("encoder-for-nothing", "--bitext s/*.tsv --sentence-weight 1 --sentence-encoder m",
          "--sentence-encoder: no loss looks at its vectors"),
    pairs("encoder-is-gone",
          "--bitext s/*.tsv --sentence-weight 1 --sentence-loss cosine --sentence-encoder ./e",
          "e: no such model folder"),
    pairs("encoder-reads-another-language",
          "--bitext s/*.tsv --sentence-weight 1 --sentence-loss cosine --sentence-encoder m "
          "--bitext-hub fr", "--bitext-hub fr: not among the languages of --bitext: de, en"),
    pairs("robust-without-losses", "--bitext s/*.tsv --tlm-weight 0 --sentence-weight 1 --robust "
          "chi-square", "--robust chi-square goes by the losses of TLM and TRTD"),
    *[Case(name=f"pretrain-replay-{name}", command=f"pretrain --model m --loss none --device cpu "
           f"--block 16 --steps 1 --output out {words}", files=BITEXT, line=line)
      for name, words, line in (
          ("share-0", "--text en=a.en --replay de=a.de --replay-share 0", "--replay-share must lie"),
          ("share-1", "--text en=a.en --replay de=a.de --replay-share 1", "--replay-share must lie"),
          ("gone", "--text en=a.en --replay de=b.de", "--replay b.de: no such file"),
          ("alone", "--mlm-weight 0 --bitext s/*.tsv --replay de=a.de", "--replay goes beside --text"),
          ("from-scratch", "--text en=a.en --replay de=a.de --from-scratch layers=1,width=16",
           "--replay: a model from scratch has nothing to forget"),
          ("by-name", "--text replay-en=a.en --replay de=a.de", "such a name is --replay's"),
      )],
    Case(name="pretrain-without-text", command=PAIRS.replace("--mlm-weight 0", ""), files=BITEXT,
         line="--text names no file; to learn from sentence pairs alone"),
]  # fmt: skip
CASES = [*SOURCES, *NUMBERS, *CLASHES]
