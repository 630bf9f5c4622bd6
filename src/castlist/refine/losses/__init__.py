"""How pairs are penalised."""

from castlist.refine.losses.contrastive import Contrastive

__all__ = ["Contrastive"]
