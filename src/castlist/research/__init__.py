"""The research wing: what a laboratory needs. `find`, `review` and `export` import nothing of it.

features     feature archives of other people, and our own
from_film    the faces of a film's workspace as such an archive
baselines    published ways to cluster the faces of a video
bench        the published tables as experiments
estimators   castlist's algorithms in scikit-learn's form
"""
