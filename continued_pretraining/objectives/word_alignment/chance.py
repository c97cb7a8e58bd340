"""How much of a correlation is chance."""

from __future__ import annotations

from dataclasses import dataclass

_MUCH = 0.4  # share of the range


@dataclass(frozen=True)
class Chance:
    """What a correlation loss is worth.

    Attributes:
        loss: on the words and their vectors.
        unrelated: on the same words, each with the vector of another.
        best: of views that determine each other.
        worst: of views without any relation in any direction.
    """

    loss: float
    unrelated: float
    best: float
    worst: float

    @property
    def share(self) -> float:
        """Part of the range that is chance."""
        return (self.unrelated - self.worst) / ((self.best - self.worst) or 1.0)

    @property
    def above(self) -> float:
        """0 for words and vectors that are unrelated, 1 where they determine each other."""
        room = self.unrelated - self.best
        return (self.unrelated - self.loss) / room if room else 0.0

    def lines(self, name: str) -> list[str]:
        """What there is to say before the first update of a loss called ``name``."""
        found = [
            f"{name}: {self.loss:.2f} at the start, {self.unrelated:.2f} with each word's vector "
            f"exchanged for another's, {self.best:.2f} at best: above chance {self.above:.0%}"
        ]
        if self.share > _MUCH:
            found.append(
                f"warning: {self.share:.0%} of what {name} can reach is chance: give more words, "
                "or raise --memory or --ridge"
            )
        return found
