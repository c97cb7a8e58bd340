"""Flags of other programs, answered with the one that does it here."""

from __future__ import annotations

import re

_BY_FILE = "nothing: files say which language is which"
_BY_TEACHER = (
    "nothing: vectors are as wide as the teacher's states; --postprocess pcaN narrows them"
)
ANSWERS = {
    # VecMap
    "supervised": "--preset supervised --lexicon FILE",
    "semi_supervised": "--preset semi-supervised --lexicon FILE",
    "identical": "--preset identical",
    "unsupervised": "--preset unsupervised",
    "acl2018": "--preset acl2018", "aaai2018": "--preset aaai2018 --lexicon FILE",
    "acl2017": "--preset acl2017", "acl2017_seed": "--preset acl2017-seed --lexicon FILE",
    "emnlp2016": "--preset emnlp2016 --lexicon FILE",
    "orthogonal": "--mapping orthogonal", "unconstrained": "--mapping unconstrained",
    "src_reweight": "--source-reweight X", "trg_reweight": "--target-reweight X",
    "src_dewhiten": "--source-dewhiten SIDE", "trg_dewhiten": "--target-dewhiten SIDE",
    "dim_reduction": "--dimensions N", "vocabulary_cutoff": "--cutoff N",
    "csls_neighborhood": "--csls N", "init_dictionary": "--lexicon FILE",
    "init_identical": "--seeds identical", "init_numerals": "--seeds numerals",
    "init_unsupervised": "--seeds unsupervised", "stochastic_initial": "--keep-initial X",
    "stochastic_multiplier": "--keep-multiplier X", "stochastic_interval": "--patience N",
    "retrieval": "--method NAME of x2static eval bli", "dictionary": "--lexicon FILE",
    "log": "--json", "verbose": "nothing: progress is always shown",
    # MUSE
    "src_emb": "--source FILE", "tgt_emb": "--target FILE",
    "src_lang": _BY_FILE, "tgt_lang": _BY_FILE,
    "n_refinement": "--preset bootstrap --rounds N", "dico_train": "--lexicon FILE",
    "dico_eval": "--validation FILE", "max_vocab": "--max-vocabulary N",
    "emb_dim": "nothing: the files tell their width",
    "normalize_embeddings": "--normalize STEPS", "adversarial": "--preset unsupervised",
    "dico_max_rank": "--cutoff N", "dico_method": "--csls N",
    "exp_path": "--output-source and --output-target", "export": "--output-format word2vec",
    # both, and more
    "cuda": "--device cuda", "gpu": "--device cuda", "cpu": "--device cpu",
    # fastText, gensim, Model2Vec
    "dim": _BY_TEACHER, "vector_size": _BY_TEACHER,
    "pca_dims": "--postprocess pcaN", "min_count": "--min-count N", "minCount": "--min-count N",
    "epoch": "--epochs N", "lr": "--learning-rate X", "thread": "--threads N",
    "workers": "--workers N or --threads N", "model_name": "--teacher NAME",
    "sif_coefficient": "nothing: export --format static-embedding weighs words by rarity",
}  # fmt: skip
"""What to say of a flag, its dashes as underscores."""


def answered(complaint: str, known: set[str]) -> str:
    """A parser's complaint, with the remedy where the flag is another program's.

    Args:
        complaint: ``unrecognized arguments: --n_refinement 5``.
        known: flags that the command has; no other is offered.
    """
    found = re.search(r"unrecognized arguments: --([\w-]+)", complaint)
    if found is None:
        return complaint
    answer = ANSWERS.get(found[1].replace("-", "_")) or ANSWERS.get(found[1])
    if answer is None or any(flag not in known for flag in re.findall(r"--[a-z-]+", answer)[:1]):
        return complaint
    return f"{complaint}; --{found[1]} of other programs is {answer} here"
