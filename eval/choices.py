"""What the evaluations of vectors let a user choose: the search, and how words are looked up."""

from __future__ import annotations

from typing import Literal

SearchMethod = Literal["nn", "csls"]
IndexKind = Literal["flat", "ivf", "hnsw", "exact"]
CaseRule = Literal["auto", "exact", "lower"]
PhraseRule = Literal["mean", "skip"]
