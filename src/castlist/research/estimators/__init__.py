"""castlist's algorithms in scikit-learn's form, for features of any origin.

    from castlist.research.estimators import SSiam, Ward
    labels = Ward(n_clusters=5).fit_predict(SSiam(random_state=0).fit_transform(X))

The steps of a pipeline (`castlist.refine`, `castlist.cluster`) take castlist's own tables; these take plain
arrays, follow scikit-learn's conventions and pass its `check_estimator`, except that TSiam and
TSiamSecondOrder need `tracks`.
"""

from __future__ import annotations

from castlist.extras import needed

with needed("estimators in scikit-learn's form", "features"):
    from castlist.research.estimators.refiners import PseudoRF, SecondOrder, SSiam, TSiam, TSiamSecondOrder
    from castlist.research.estimators.ward import Ward

__all__ = ["PseudoRF", "SSiam", "SecondOrder", "TSiam", "TSiamSecondOrder", "Ward"]
