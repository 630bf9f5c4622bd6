"""Loss functions of pairs."""

from castlist.refine.losses.contrastive import Contrastive

__all__ = ["Contrastive"]
