"""Two small languages with a hidden rotation between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Planted:
    source: np.ndarray
    target: np.ndarray
    translation: np.ndarray  # target row of each source row
    rotation: np.ndarray


def plant(rng, size=600, width=20, noise=0.2, clusters=40, jitter=0.2):
    """Anisotropic clustered rows, rotated, with noise, in another order of frequency."""
    spread = np.arange(1, width + 1) ** -0.5
    centers = 1.5 * rng.standard_normal((clusters, width)) * spread
    share = 1 / np.arange(1, clusters + 1)
    latent = centers[rng.choice(clusters, size, p=share / share.sum())]
    latent = latent + rng.standard_normal((size, width)) * spread + 0.5 * spread
    other = latent + noise * rng.standard_normal((size, width)) * spread
    rotation, _ = np.linalg.qr(rng.standard_normal((width, width)))
    order = np.argsort(np.log(np.arange(1, size + 1)) + jitter * rng.standard_normal(size))
    translation = np.empty(size, np.int64)
    translation[order] = np.arange(size)
    target = (other @ rotation)[order]
    return Planted(latent.astype(np.float32), target.astype(np.float32), translation, rotation)


def precision(source, target, translation):
    x, z = (m / np.linalg.norm(m, axis=1, keepdims=True) for m in (source, target))
    return float(((x @ z.T).argmax(axis=1) == translation).mean())


def noisy(rng, size=600, width=40):
    """Meaning in a falling spectrum, the same noise in every direction."""
    spread = np.arange(1, width + 1) ** -0.7
    meaning = rng.standard_normal((size, width)) * spread
    sides = [
        (meaning + 0.2 * rng.standard_normal((size, width)))
        @ np.linalg.qr(rng.standard_normal((width, width)))[0]
        for _ in range(2)
    ]
    return [side.astype(np.float32) for side in sides]
