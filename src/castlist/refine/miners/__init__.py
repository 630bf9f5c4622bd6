"""Which pairs to learn from: one published way a file."""

from castlist.refine.miners.pseudo_rf import PseudoRFMiner
from castlist.refine.miners.ssiam import SSiamMiner
from castlist.refine.miners.tsiam import TSiamMiner

__all__ = ["PseudoRFMiner", "SSiamMiner", "TSiamMiner"]
