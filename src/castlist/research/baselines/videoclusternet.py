"""VideoClusterNet: self-distillation on positive pairs only, with the network's loss as distance."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from castlist.research.baselines._head import faces_by_track, need_torch, pick, rotation
from castlist.research.baselines._method import Labels, Method
from castlist.research.baselines._shared import Floats, components, group_means, hac_of_distances, pca, unit64
from castlist.research.baselines._track_set import TrackSet

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["VideoClusterNet", "match_tracks", "merge_by_loss"]


@dataclass(frozen=True, slots=True)
class VideoClusterNet(Method):
    """A student network learns to predict, from one face, its teacher's output for another face of the
    person. [Walawalkar 2024]

    L(t, s) = -softmax((t - c) / 0.04) . log softmax(s / 0.1), where c is the running mean of the teacher's
    outputs, and the teacher a moving average of the student. Pairs are faces of one track, later also of
    matching tracks: the mean log density of each track's faces under the other's Gaussian is at least the
    mean of the lowest quarter under its own. The distance is the symmetrised L, mean over face pairs; two
    clusters merge where it is below the mean L inside either, again and again; with k, average linkage. Known
    from secondary sources: positives only, centring, moving average, the matching, the merging. Ours: a head
    on fixed features (without pictures, other faces of the track replace augmented ones), temperatures,
    diagonal Gaussians of 16 principal components, both directions of a match. It ignores cannot-links. Time
    O(rounds * steps * batch * d r + N^2 P), memory O(n d + N^2).
    """

    name = "videoclusternet"
    after = "Walawalkar, Garrido, ECCV 2024"
    trained = True
    estimates_k = True
    constrained = False
    prototypes: int = 256
    width: int = 512
    rounds: int = 3
    steps: int = 300
    batch: int = 256
    rate: float = 1e-4
    slow: float = 0.99
    max_tracks: int = 6_000

    def labels(self, track_set: TrackSet, k: int | None, rng: np.random.Generator) -> Labels:
        torch = need_torch(self.name)
        x = unit64(track_set.features).astype(np.float32)
        start = rotation(x, self.width)
        points = unit64(rng.normal(size=(self.prototypes, len(start)))).astype(np.float32)
        student = [torch.from_numpy(w).requires_grad_(True) for w in (start, points)]
        teacher, centre = [w.detach().clone() for w in student], torch.zeros(self.prototypes)
        pairs = np.stack([np.arange(track_set.tracks)] * 2, 1)
        for turn in range(self.rounds):
            centre = self._distil(
                torch, torch.from_numpy(x), student=student, teacher=teacher, centre=centre, pairs=pairs,
                track_set=track_set, rng=rng,
            )  # fmt: skip
            if turn + 1 < self.rounds:
                embedding = pca(unit64(x @ teacher[0].numpy().T), 16)
                pairs = np.concatenate(
                    [pairs[: track_set.tracks], match_tracks(embedding, track_set.track, track_set.tracks)]
                )
        with torch.no_grad():
            faces = torch.from_numpy(x)
            teacher_output = (
                ((_output(torch, faces, teacher) - centre) / 0.04).softmax(1).numpy().astype(np.float64)
            )
            student_output = (_output(torch, faces, student) / 0.1).log_softmax(1).numpy().astype(np.float64)
        return merge_by_loss(teacher_output, student_output, track_set.track, k)

    def _distil(
        self,
        torch: ModuleType,
        faces: Tensor,
        *,
        student: list[Tensor],
        teacher: list[Tensor],
        centre: Tensor,
        pairs: NDArray[np.int64],
        track_set: TrackSet,
        rng: np.random.Generator,
    ) -> Tensor:
        """Train student and teacher in place; returns the new centre."""
        optimiser = torch.optim.Adam(student, lr=self.rate)
        by_track = faces_by_track(track_set)
        for _ in range(self.steps):
            a, b = pairs[rng.integers(0, len(pairs), self.batch)].T
            first, second = (torch.from_numpy(pick(by_track, side, rng)) for side in (a, b))
            with torch.no_grad():
                answers = _output(torch, faces[first], teacher)
            target = ((answers - centre) / 0.04).softmax(1)
            value = -(target * (_output(torch, faces[second], student) / 0.1).log_softmax(1)).sum(1).mean()
            optimiser.zero_grad()
            value.backward()
            optimiser.step()
            with torch.no_grad():
                centre = 0.9 * centre + 0.1 * answers.mean(0)
                for slow, fast in zip(teacher, student, strict=True):
                    slow.mul_(self.slow).add_(fast, alpha=1 - self.slow)
        return centre


def _output(torch: ModuleType, faces: Tensor, net: list[Tensor]) -> Tensor:
    """(m, P) cosines of the embeddings with the prototypes."""
    normalize = torch.nn.functional.normalize
    return normalize(faces @ net[0].T, dim=1) @ normalize(net[1], dim=1).T


def match_tracks(x: Floats, track: Labels, count: int) -> NDArray[np.int64]:
    """(p, 2) matching tracks: the faces of each are as likely under the other's Gaussian as the least likely
    quarter of the other's own faces."""
    mean = group_means(x, track, count)
    apart = (x - mean[track]) ** 2
    size = np.bincount(track, minlength=count)[:, None]
    variance = (group_means(apart, track, count) * size + 4 * apart.mean(0) + 1e-9) / (size + 4)
    density = -0.5 * (apart / variance[track] + np.log(variance[track])).sum(1)
    order = np.lexsort((density, track))
    place = np.arange(len(x)) - (np.cumsum(size[:, 0]) - size[:, 0])[track[order]]
    low = order[place < np.maximum(1, size[:, 0] // 4)[track[order]]]
    least = group_means(density[low, None], track[low], count)[:, 0]
    square = group_means(x**2, track, count)
    far = square @ (1 / variance).T - 2 * mean @ (mean / variance).T + (mean**2 / variance).sum(1)
    fits = -0.5 * (far + np.log(variance).sum(1)) >= least
    return np.argwhere(np.triu(fits & fits.T, 1))


def merge_by_loss(teacher_output: Floats, student_output: Floats, track: Labels, k: int | None) -> Labels:
    """(t,) clusters of tracks, from the teacher's probabilities and the student's log-probabilities of all
    faces."""
    from scipy.spatial.distance import squareform

    divergence = -(teacher_output * student_output).sum(1)
    label = np.arange(int(track.max()) + 1)
    while (count := int(label.max()) + 1) > 1:
        group = label[track]
        loss = -group_means(teacher_output, group, count) @ group_means(student_output, group, count).T
        loss = (loss + loss.T) / 2
        if k is not None:
            condensed = squareform(loss - min(float(loss.min()), 0.0), checks=False)
            return hac_of_distances(condensed, count, k, "average")
        size = np.bincount(group).astype(np.float64)
        pairs = size**2 - size
        inside = (size**2 * np.diag(loss) - np.bincount(group, divergence)) / np.maximum(pairs, 1)
        limit = np.where(pairs > 0, inside, -np.inf)
        a, b = np.nonzero(np.triu(loss <= np.maximum(limit[:, None], limit), 1))
        joined = components(count, a, b)
        if joined.max() + 1 == count:
            break
        label = joined[label]
    return label
