"""Fates of tracks, and whether a refinement helps."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from castlist.cast import Cast
from castlist.cluster import Roles
from castlist.refine.validate import Validation, choose, hard_pairs, pair_cosines, separation, try_refinement
from castlist.track import (
    NOT_A_FACE,
    PICTURE,
    TOO_FEW,
    TOO_SMALL,
    Surroundings,
    TrackFilter,
    kept,
    recognised,
    tells_nothing,
)
from castlist.types import (
    BACKGROUND,
    NOISE,
    PERSON,
    SET_ASIDE,
    Clock,
    Constraints,
    Detections,
    Embeddings,
    Shots,
    Tracks,
    Video,
)


def tracks_of(*faces):
    """Tracks of (number of faces, side in pixels, score)."""
    n = [f[0] for f in faces]
    side, score = (np.repeat([f[i] for f in faces], n).astype(float) for i in (1, 2))
    box = np.column_stack([0 * side, 0 * side, side, side * 1.3])
    total = sum(n)
    return Tracks(np.arange(total), box, score, np.arange(total), np.cumsum([0, *n]), [0] * len(n))


def vectors(tracks, dim=4):
    track = np.asarray(tracks, np.int64)
    return Embeddings(np.eye(dim)[track % dim], track, track, np.ones(len(track)))


def faces_of(tracks, shift):
    """Detections of tracks whose landmarks shift by so many face sizes, to and fro, all together or not."""
    n = len(tracks.frame)
    points = np.tile([[10, 10], [30, 10], [20, 20], [12, 30], [28, 30]], (n, 1, 1)).astype(float)
    points[:, 2, 0] += shift * 52 * (-1.0) ** np.arange(n)  # the nose turns
    points += np.arange(n)[:, None, None]  # the camera moves
    return Detections(tracks.frame, tracks.box, tracks.score, points)


def test_lamps_specks_and_unseen_faces_are_set_aside_with_a_reason():
    tracks = tracks_of((9, 40, 0.9), (9, 40, 0.5), (9, 7, 0.9), (9, 40, 0.9))
    reasons = TrackFilter()(tracks, faces_of(tracks, 0.06), vectors([0, 1, 2]))
    assert reasons == ("", NOT_A_FACE, TOO_SMALL, TOO_FEW)
    assert kept(reasons).tolist() == [True, False, False, False]
    assert TrackFilter()(Tracks.empty(), Detections.empty(), vectors([])) == ()


def test_a_face_that_never_stirs_is_a_picture():
    tracks = tracks_of((9, 40, 0.9))
    alike = vectors([0, 0, 0])
    assert TrackFilter()(tracks, faces_of(tracks, 0.0), alike) == (PICTURE,)
    assert TrackFilter()(tracks, faces_of(tracks, 0.06), alike) == ("",)
    unlike = Embeddings(np.eye(3), [0, 0, 0], [0, 1, 2], [1, 1, 1])
    assert TrackFilter()(tracks, faces_of(tracks, 0.0), unlike) == ("",)
    brief = tracks_of((5, 40, 0.9))
    assert TrackFilter()(brief, faces_of(brief, 0.0), alike) == ("",)


def test_the_cast_is_whoever_is_seen_for_long_enough():
    tracks = tracks_of((900, 40, 0.9), (98, 40, 0.9), (2, 40, 0.9), (50, 40, 0.9))
    fate = Roles(share=0.01)(np.array([0, 1, 2, NOISE]), tracks)
    assert fate.tolist() == [PERSON, PERSON, BACKGROUND, SET_ASIDE]
    assert len(Roles()(np.zeros(0, np.int64), Tracks.empty())) == 0


def test_who_is_never_clearly_a_face_is_set_aside_with_all_tracks():
    tracks = tracks_of((900, 40, 0.9), (98, 40, 0.78), (98, 40, 0.79), (98, 40, 0.78), (98, 40, 0.86))
    fate = Roles(share=0.01)(np.array([0, 1, 1, 2, 2]), tracks)
    assert fate.tolist() == [PERSON, SET_ASIDE, SET_ASIDE, PERSON, PERSON]


def test_separation_is_the_area_under_the_roc_curve():
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(0)
    positive, negative = rng.normal(1, 1, 50).round(1), rng.normal(0, 1, 70).round(1)  # with ties
    truth = np.r_[np.ones(50), np.zeros(70)]
    oracle = metrics.roc_auc_score(truth, np.r_[positive, negative])
    assert separation(positive, negative) == pytest.approx(oracle)
    assert np.isnan(separation(positive, []))


def test_pairs_are_halves_of_tracks_and_tracks_seen_together():
    vector = np.array([[1, 0], [0, 1], [1, 0], [1, 1]], float)
    e = Embeddings(vector, [0, 0, 1, 2], [0, 1, 2, 3], [1, 1, 1, 1])
    c = Constraints([0, 1], [1, 2], [False, False], [0, 0])
    positive, negative = pair_cosines(e, c)
    assert positive == pytest.approx([0.0])  # track 0: (1, 0) against (0, 1)
    assert negative == pytest.approx([np.sqrt(0.5), np.sqrt(0.5)])


def noisy_people(rng, people=6, tracks=10, faces=6, dim=8):
    """Faces on `dim` useful and `dim` useless dimensions; tracks 2i and 2i + 1 are seen together."""
    centre = rng.normal(size=(people, dim))
    track = np.repeat(np.arange(people * tracks), faces)
    who = np.repeat(rng.permutation(np.repeat(np.arange(people), tracks)), faces)
    vector = np.column_stack(
        [centre[who] + 0.7 * rng.normal(size=(len(who), dim)), 3 * rng.normal(size=(len(who), dim))]
    )
    a = np.arange(0, people * tracks, 2)
    differ = who[::faces][a] != who[::faces][a + 1]
    a = a[differ]
    e = Embeddings(vector, track, track, np.ones(len(track)))
    return e, Constraints(a, a + 1, np.zeros(len(a), bool), np.zeros(len(a)))


def test_a_refinement_that_helps_on_held_out_pairs_is_taken_and_one_that_harms_is_not():
    e, c = noisy_people(np.random.default_rng(1))
    shot = np.arange(60) // 2

    def helps(learn, constraints, apply):
        return Embeddings(apply.vector[:, :8], apply.track, apply.detection, apply.quality)

    def harms(learn, constraints, apply):
        return Embeddings(apply.vector[:, 8:], apply.track, apply.detection, apply.quality)

    good, bad = try_refinement(helps, e, c, shot), try_refinement(harms, e, c, shot)
    assert good.better
    assert good.after > good.before
    assert not bad.better
    assert bad.after <= bad.before
    assert "Refined features were used" in good.sentence
    assert "Base features were used" in bad.sentence


def test_hard_pairs_are_the_least_alike_of_a_track_and_the_most_alike_of_two():
    up, right, between = [1.0, 0.0], [0.0, 2.0], [0.6, 0.8]
    e = Embeddings(
        [up, up, between, up, right, between, right, right], [0, 0, 0, 0, 1, 1, 1, 1], range(8), np.ones(8)
    )
    c = Constraints([0], [1], [False], [0])
    positive, negative = hard_pairs(e, c)
    assert positive.tolist() == pytest.approx([0.6, 0.8])
    assert negative.tolist() == pytest.approx([1.0])
    assert [len(x) for x in hard_pairs(e[:0], Constraints.empty())] == [0, 0]


def test_a_gain_that_is_not_clear_is_no_gain():
    e, c = noisy_people(np.random.default_rng(1))
    same = try_refinement(lambda learn, known, apply: apply, e, c, np.arange(60) // 2)
    assert not same.better
    assert same.before == same.after


def test_the_refinement_that_separates_best_is_chosen_and_the_others_are_told():
    some = {
        "a": Validation(True, 0.8, 0.9, 50),
        "b": Validation(True, 0.8, 0.95, 50),
        "c": Validation.untried(),
    }
    best = choose(some)
    assert (best.name, best.better, best.others) == ("b", True, (("a", 0.9),))
    assert "by b, by a to 0.9000" in best.sentence
    assert not choose({"c": Validation.untried()}).pairs
    assert not choose({}).better


def test_what_is_learnt_from_is_never_what_is_judged_by():
    e, c = noisy_people(np.random.default_rng(2))
    shot = np.arange(60) // 2
    folds = []

    def look(learn, constraints, apply):
        assert not set(learn.track.tolist()) & set(apply.track.tolist())
        folds.append(set(apply.track.tolist()))
        return apply

    assert not try_refinement(look, e, c, shot).better
    assert folds[0] | folds[1] == set(range(60))


def test_too_few_pairs_leave_the_base_features():
    e = vectors([0, 0, 1, 1])
    verdict = try_refinement(lambda *_: pytest.fail("not asked"), e, Constraints.empty(), np.zeros(2, int))
    assert not verdict.better
    assert "too few" in verdict.sentence


def test_a_track_tells_nothing_if_most_of_its_faces_do():
    quality = np.array([0, 0, 0.3, 0, 0.2, 0.4, 0, 0.5])
    faces = Embeddings(np.ones((8, 2)), [0, 0, 0, 1, 1, 1, 2, 2], np.arange(8), quality)
    assert tells_nothing(faces, 4).tolist() == [True, False, False, False]


def test_pairs_leave_out_halves_that_tell_nothing():
    faces = Embeddings(np.eye(6), [0, 0, 1, 1, 2, 2], np.arange(6), [0.5, 0, 0.5, 0.5, 0, 0])
    positive, negative = pair_cosines(faces, Constraints([0, 1], [1, 2], [False, False], [0, 0]))
    assert len(positive) == len(negative) == 1


def around(tracks, stir=0.0, rows=9, columns=16):
    """What is around faces in the left upper corner: cells that brighten and darken by so much."""
    n = int(tracks.frame.max()) + 1
    cells = np.full((n, rows, columns), 100.0)
    cells[:, :, columns // 2 :] += stir * (np.arange(n) % 2)[:, None, None]
    return Surroundings(Clock(np.arange(n), Fraction(1, 25)), cells.astype(np.uint8), 640, 360)


def test_a_still_face_is_a_picture_only_if_something_else_moves():
    tracks, alike = tracks_of((9, 40, 0.9)), vectors([0, 0, 0])
    still = faces_of(tracks, 0.0)
    assert TrackFilter()(tracks, still, alike, around(tracks)) == ("",)  # a photograph, shown to us
    assert TrackFilter()(tracks, still, alike, around(tracks, 40)) == (PICTURE,)
    assert TrackFilter()(tracks, faces_of(tracks, 0.06), alike, around(tracks, 40)) == ("",)
    unknown = Surroundings(around(tracks).clock, np.zeros((9, 0, 0), np.uint8), 640, 360)
    assert TrackFilter()(tracks, still, alike, unknown) == ("",)


def test_a_still_face_beside_a_living_one_is_a_picture():
    both = tracks_of((9, 40, 0.9), (9, 40, 0.9))
    frame = np.tile(np.arange(9), 2)
    together = Tracks(frame, both.box, both.score, both.detection, both.offset, both.shot)
    order = np.argsort(frame, kind="stable")
    rank = np.argsort(order)
    found = faces_of(both, 0.06)
    still = faces_of(both, 0.0)
    landmarks = np.where((np.arange(18) < 9)[:, None, None], still.landmarks, found.landmarks)
    detections = Detections(frame[order], both.box[order], both.score[order], landmarks[order])
    together = Tracks(frame, both.box, both.score, rank, both.offset, both.shot)
    vector = np.array([[1, 0], [1, 0], [0, 1], [1, 0.0]])
    faces = Embeddings(vector, [0, 0, 1, 1], rank[[0, 1, 9, 10]], np.ones(4))
    assert TrackFilter()(together, detections, faces, around(together)) == (PICTURE, "")


def test_a_long_still_may_be_less_alike_since_it_is_encoded_anew_in_every_frame():
    vector = np.array([[1, 0], [np.cos(0.27), np.sin(0.27)]])  # cosine .964
    for faces, reason in ((20, ""), (60, PICTURE)):
        tracks = tracks_of((faces, 40, 0.9))
        pair = Embeddings(vector, [0, 0], [0, 1], [1, 1])
        assert TrackFilter()(tracks, faces_of(tracks, 0.0), pair, around(tracks, 40)) == (reason,)


def test_how_long_a_still_is_shown_does_not_depend_on_when():
    vector = np.array(
        [[1, 0], [np.cos(0.27), np.sin(0.27)], [0, 1]]
    )  # cosine .964: too little for a short one
    tracks = tracks_of((100, 40, 0.9), (20, 40, 0.9))
    faces = Embeddings(vector[[2, 0, 1]], [0, 1, 1], [0, 100, 101], [1, 1, 1])
    detections = faces_of(tracks, np.where(np.arange(120) < 100, 0.06, 0.0))
    assert TrackFilter()(tracks, detections, faces, around(tracks, 40)) == ("", "")


@pytest.mark.parametrize(
    ("shift", "cosine", "reason"),
    [(0.035, 0.975, PICTURE), (0.035, 0.96, ""), (0.08, 0.975, ""), (0.0, 0.96, PICTURE)],
)
def test_landmarks_of_a_long_still_may_stir_a_little_more_where_its_pictures_are_more_alike(
    shift, cosine, reason
):
    tracks = tracks_of((60, 40, 0.9))
    pair = Embeddings(np.array([[1, 0], [cosine, np.sqrt(1 - cosine**2)]]), [0, 0], [0, 1], [1, 1])
    assert TrackFilter()(tracks, faces_of(tracks, shift), pair, around(tracks, 40)) == (reason,)


def test_a_picture_may_shake_a_little_and_whoever_crosses_the_frame_is_none():
    tracks, alike = tracks_of((12, 40, 0.9)), vectors([0, 0, 0])
    shake = np.where(np.arange(12) % 2, 3.0, 0.0)[:, None]
    for moved, reason in ((shake, PICTURE), (20.0 * np.arange(12)[:, None], "")):
        seen = replace(tracks, box=tracks.box + moved)
        assert TrackFilter()(seen, faces_of(seen, 0.0), alike, around(seen, 40)) == (reason,)


def test_where_the_face_changes_with_all_around_it_or_fills_the_frame_nothing_says_picture():
    tracks, alike = tracks_of((9, 40, 0.9)), vectors([0, 0, 0])
    still, dark = faces_of(tracks, 0.0), around(tracks)
    flicker = (100 + 40 * (np.arange(9) % 2)).astype(np.uint8)
    assert TrackFilter()(
        tracks, still, alike, replace(dark, cells=dark.cells * 0 + flicker[:, None, None])
    ) == ("",)
    large = tracks_of((9, 900, 0.9))
    for stir in (0, 40):
        assert TrackFilter()(large, faces_of(large, 0.0), alike, around(large, stir)) == ("",)


def with_motion(around, *motion):
    return replace(around, motion=np.concatenate(motion).astype(np.float32))


def together(*vectors, frames=12, landmarks=0.06):
    """Tracks of as many faces each, seen at the same time, whose landmarks shift by so much."""
    n = len(vectors)
    both = tracks_of(*[(frames, 40, 0.9)] * n)
    frame = np.tile(np.arange(frames), n)
    order = np.argsort(frame, kind="stable")
    rank = np.argsort(order)
    found = faces_of(both, landmarks)
    detections = Detections(frame[order], both.box[order], both.score[order], found.landmarks[order])
    tracks = Tracks(frame, both.box, both.score, rank, both.offset, both.shot)
    faces = Embeddings(np.array(vectors), np.arange(n), rank[::frames], np.ones(n))
    return tracks, detections, faces, order


def test_a_phone_that_is_moved_beside_somebody_alive_is_a_picture():
    tracks, detections, faces, order = together([1, 0.0], [0, 1.0])
    motion = np.repeat([0.004, 0.03], 12)[order]
    around_them = with_motion(around(tracks), motion)
    assert TrackFilter()(tracks, detections, faces, around_them) == (PICTURE, "")
    motion = np.repeat([0.004, 0.005], 12)[order]  # a gallery: no living person
    assert TrackFilter()(tracks, detections, faces, with_motion(around(tracks), motion)) == ("", "")


def test_who_blinks_or_is_known_to_live_is_no_picture_however_still():
    tracks, detections, faces, order = together([1, 0.0], [0, 1.0])
    motion = np.repeat([0.004, 0.03], 12)
    motion[5] = 0.02  # a blink
    assert TrackFilter()(tracks, detections, faces, with_motion(around(tracks), motion[order])) == ("", "")
    motion[5] = np.nan
    few = np.where(np.arange(24) < 12, np.where(np.arange(24) < 7, 0.004, np.nan), 0.03)
    for row in (motion, few):  # seven looks are too few: landmarks decide
        expected = PICTURE if row is motion else ""
        around_them = with_motion(around(tracks), row[order])
        assert TrackFilter()(tracks, detections, faces, around_them)[0] == expected


def test_a_still_face_that_lives_at_another_time_is_that_person():
    pair = tracks_of((12, 40, 0.9), (12, 40, 0.9))
    detections = faces_of(pair, 0.0)
    motion = np.repeat([0.004, 0.03], 12)
    for cosine, reason in ((0.9, ""), (0.5, PICTURE)):
        faces = Embeddings(np.array([[1, 0], [cosine, np.sqrt(1 - cosine**2)]]), [0, 1], [0, 12], [1, 1])
        seen = with_motion(around(pair, 40), motion)
        assert TrackFilter()(pair, detections, faces, seen) == (reason, "")


def test_a_picture_that_grows_with_all_around_it_is_shown_to_us():
    tracks, alike = tracks_of((12, 40, 0.9)), vectors([0, 0, 0])
    middle = (tracks.box[:, :2] + tracks.box[:, 2:]) / 2
    half = np.linspace(20, 22, 12)[:, None]
    growing = replace(tracks, box=np.concatenate([middle - half, middle + half], 1))
    for seen, reason in ((tracks, PICTURE), (growing, "")):
        around_it = with_motion(around(seen, 40), np.full(12, 0.004))
        assert TrackFilter()(seen, faces_of(seen, 0.0), alike, around_it) == (reason,)


def lengths(tracks, longs, quality=0.5):
    """Vectors of these lengths, one a track."""
    n = len(longs)
    return Embeddings(
        np.eye(n) * np.array(longs)[:, None], np.arange(n), tracks.offset[:-1], np.full(n, quality)
    )


def test_a_clear_picture_with_a_short_vector_is_no_face_where_the_detector_doubts_too():
    tracks = tracks_of(*[(9, 40, 0.9)] * 8, (9, 40, 0.8), (9, 40, 0.8), (9, 40, 0.9))
    long = [10.0] * 8
    reasons = TrackFilter()(tracks, faces_of(tracks, 0.06), lengths(tracks, [*long, 5.0, 9.0, 5.0]))
    assert reasons[8:] == (NOT_A_FACE, "", "")
    blurred = TrackFilter()(tracks, faces_of(tracks, 0.06), lengths(tracks, [*long, 5.0, 9.0, 5.0], 0.05))
    assert blurred[8:] == ("", "", "")  # of what is not clear a vector may be short
    few = tracks_of((9, 40, 0.9), (9, 40, 0.8))
    assert TrackFilter()(few, faces_of(few, 0.06), lengths(few, [10.0, 5.0])) == (
        "",
        "",
    )  # nothing to compare with


def test_a_face_that_the_detector_doubts_is_one_where_picture_and_vector_are_clear():
    tracks = tracks_of(*[(9, 40, 0.9)] * 8, (9, 60, 0.62), (9, 60, 0.62), (9, 60, 0.5))
    faces = lengths(tracks, [10.0] * 8 + [10.5, 6.0, 10.5])
    detections = faces_of(tracks, 0.06)
    assert TrackFilter()(tracks, detections, faces)[8:] == ("", NOT_A_FACE, NOT_A_FACE)
    sure = recognised(faces, detections, len(tracks))
    assert sure[8:].tolist() == [True, False, False]
    clock = Clock(np.arange(len(tracks.frame)), Fraction(1, 25))
    fate = Roles()(np.arange(len(tracks)), tracks, clock, 1080, sure)
    assert fate[8:].tolist() == [PERSON, SET_ASIDE, SET_ASIDE]


def test_a_face_that_scores_high_at_some_time_may_be_doubted_at_others():
    tracks = tracks_of((9, 40, 0.65))
    score = tracks.score.copy()
    score[4] = 0.88
    faces = faces_of(tracks, 0.06)
    detections = Detections(faces.frame, faces.box, score, faces.landmarks)
    assert TrackFilter()(tracks, detections, vectors([0, 0])) == ("",)


def test_large_and_long_is_before_small_and_before_brief():
    second = 25
    tracks = tracks_of((4 * second, 12, 0.9), (2 * second, 80, 0.9), (5, 80, 0.9), (3 * second, 13, 0.9))
    clock = Clock(np.arange(len(tracks.frame)), Fraction(1, 25))
    fate = Roles()(np.arange(4), tracks, clock, 720)
    assert fate.tolist() == [PERSON, PERSON, BACKGROUND, PERSON]  # a fifth of a second is too brief
    video = Video("film.mp4", 1280, 720, Fraction(25), Fraction(10), "digest")
    shots = Shots([0], [len(tracks.frame)], [0])
    cast = Cast.of(video, clock, shots, tracks, np.arange(4), fate=fate)
    assert cast.person.tolist() == [1, 0, 3, 2]  # who fills the picture comes first
    tiny = tracks_of((100, 12, 0.9), (900, 200, 0.9))
    clock = Clock(np.arange(1000), Fraction(1, 25))
    assert Roles()(np.arange(2), tiny, clock, 1080).tolist() == [BACKGROUND, PERSON]


def test_two_clear_faces_are_enough_to_tell_who_a_track_shows():
    quality = np.array([0, 0, 0, 0.3, 0.4, 0, 0, 0, 0, 0.3])
    faces = Embeddings(np.ones((10, 2)), [0] * 5 + [1] * 5, np.arange(10), quality)
    assert tells_nothing(faces, 2).tolist() == [False, True]


def test_tracks_of_a_person_without_a_clear_one_are_less_sure_where_there_are_several():
    from castlist.pipeline.identify import TOGETHER, _less_sure

    label = np.array([0, 0, 1, 1, 2, -1])
    sureness = np.array([np.nan, 0.9, 0.9, 0.5, 0.9, np.nan])  # of track 0, the linkage itself is sure
    found = _less_sure(sureness, label)
    assert found.tolist()[1:5] == [0.9, 0.9 * TOGETHER, 0.5 * TOGETHER, 0.9]
    assert np.isnan(found[[0, 5]]).all()
    assert _less_sure(np.zeros(0), np.zeros(0, np.int64)).tolist() == []
