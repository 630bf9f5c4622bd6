"""For research: archives of features, baselines and benches. `find`, `review` and `export` import none of it.

features     feature archives, published ones and castlist's own
from_film    the faces of a film's workspace as such an archive
baselines    published ways to cluster the faces of a video
bench        the published tables as experiments
estimators   castlist's algorithms in scikit-learn's form
"""
