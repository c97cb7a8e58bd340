"""``python tests/data/udpipe/train.py``: make the two models anew, within a minute.

UDPipe draws its first weights at random and takes no seed, so the bytes differ from run to run; the
tests hold for any of them.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from pathlib import Path

SENTENCES = {
    "english": [(
        ("The cat", "A dog", "My old friend", "She", "The house", "We"),
        ("sat", "ran", "saw the tree", "went home", "likes bread, milk and tea", "stood there"),
    )],
    "french-kazakh-tamil": [
        (
            ("Le vent du nord", "La mer", "L'ami du roi", "Elle", "Le chien des voisins", "Le roi"),
            ("souffle aux portes", "va au jardin", "dort", "vient du nord", "parle aux amis",
             "aime l'eau, le pain et le lait", "vient des montagnes"),
        ),
        (
            ("Ол", "Менің досым", "10 000 адам", "Үлкен ит", "Бала", "Біз"),
            ("үйге барды", "ұйықтады", "кітап оқыды", "нан, сүт және су алды",
             "3 500 теңге төледі"),
        ),
        (
            ("அவன்", "என் நண்பன்", "நாய்", "அவள்", "நாங்கள்"),
            ("வீட்டிற்குச் சென்றான்", "தூங்கினான்", "மரத்தைப் பார்த்தான்", "பால், ரொட்டி வாங்கினான்"),
        ),
    ],
}  # fmt: skip
EPOCHS = {"english": 2, "french-kazakh-tamil": 5}
_TOKEN = re.compile(r"\d+ \d+|[^\W\d_]['’]|[\w\u0b82-\u0bcd]+|[^\w\s]")
_CONTRACTED = {"du": "de le", "au": "à le", "aux": "à les", "des": "de les"}


def train(name: str) -> bytes:
    """A tokenizer, and nothing else, of all pairs of a subject and what is said of it."""
    from ufal import udpipe

    error = udpipe.ProcessingError()
    reader = udpipe.InputFormat.newConlluInputFormat()
    pairs = itertools.chain.from_iterable(itertools.product(*some) for some in SENTENCES[name])
    reader.setText("".join(map(conllu, pairs, itertools.count())))
    sentences, sentence = udpipe.Sentences(), udpipe.Sentence()
    while reader.nextSentence(sentence, error):
        sentences.append(sentence)
        sentence = udpipe.Sentence()
    settings = f"epochs={EPOCHS[name]};batch_size=10;dimension=16;segment_size=20"
    if not error.occurred():
        model = udpipe.Trainer.train(
            "morphodita_parsito",
            sentences,
            udpipe.Sentences(),
            settings,
            udpipe.Trainer.NONE,
            udpipe.Trainer.NONE,
            error,
        )
    if error.occurred():
        raise SystemExit(error.message)
    return bytes(model)


def conllu(parts: Sequence[str], number: int) -> str:
    """A sentence in CoNLL-U, with a paragraph mark now and then."""
    text = " ".join(parts) + ".!?"[number % 3]
    rows, place, index = [], 0, 1
    for token in _TOKEN.findall(text):
        place = text.index(token, place) + len(token)
        misc = "SpaceAfter=No" if text[place : place + 1] not in ("", " ") else "_"
        words = _CONTRACTED[token].split(" ") if token in _CONTRACTED else [token]
        if len(words) > 1:
            rows.append(f"{index}-{index + len(words) - 1}\t{token}" + "\t_" * 7 + f"\t{misc}\n")
            misc = "_"
        for word in words:
            rows.append(f"{index}\t{word}\t_\t_\t_\t_\t{min(index - 1, 1)}\t_\t_\t{misc}\n")
            index += 1
    return f"{'# newpar' if number % 7 == 0 else '#'}\n# text = {text}\n{''.join(rows)}\n"


if __name__ == "__main__":
    for name in SENTENCES:
        (Path(__file__).parent / f"{name}.udpipe").write_bytes(train(name))
