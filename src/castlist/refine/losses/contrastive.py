"""The contrastive loss: one person together, two people at least a margin apart.

Hadsell, Chopra, LeCun, "Dimensionality reduction by learning an invariant mapping", CVPR 2006, in the
form of the SSiam release: no factor 1/2, and a small number added to the distance in the denominator.
"""

from __future__ import annotations

from dataclasses import dataclass

from castlist.refine.network import Array

__all__ = ["Contrastive"]


@dataclass(frozen=True, slots=True)
class Contrastive:
    """Sum over pairs of `same * D**2 + (1 - same) * max(margin - D, 0)**2`, D the Euclidean distance.

    It works on NumPy arrays and on torch tensors.
    """

    margin: float = 1.0  # negatives farther apart than this cost nothing
    # Mean over the pairs; else their sum, which multiplies the learning rate by their number.
    mean: bool = True
    guard: float = 1e-4  # added to the distance in the denominator of a negative's gradient

    def __call__(self, a: Array, b: Array, same: Array) -> tuple[Array, Array]:
        """Return (loss, its gradient with respect to `a`); the gradient with respect to `b` is the negative.

        Args:
            a, b: (p, o) outputs of the two sides of each pair.
            same: (p,) 1.0 where the pair is one person, 0.0 where it is two.
        """
        difference = a - b
        distance = (difference * difference).sum(1) ** 0.5
        lack = (self.margin - distance).clip(min=0)
        share = 1.0 / len(same) if self.mean else 1.0
        loss = share * (same * distance * distance + (1 - same) * lack * lack).sum()
        # where lack is 0, the quotient is 0 at any distance; a guard of 0 would divide 0 by 0 at D = 0
        pull = 2 * share * (same - (1 - same) * lack / (distance + self.guard))
        return loss, pull[:, None] * difference
