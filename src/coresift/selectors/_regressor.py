"""Select and train a regressor in one estimator."""

from __future__ import annotations

from sklearn.base import RegressorMixin, is_classifier

from coresift._errors import ParameterError
from coresift.selectors._coreset_model import CoresetModel


class CoresetRegressor(RegressorMixin, CoresetModel):  # type: ignore[misc]
    """Fit a regressor on a coreset, with the coreset's weights.

    Parameters
    ----------
    estimator : regressor
        Its ``fit`` takes ``sample_weight``. A pipeline hands it on to its last step if that
        requests it, with metadata routing enabled; or put this estimator at its end instead.
    selector : selector or None, default=None
        None is ``FastCore()``. With ``target="auto"`` it takes y for numbers to predict, whatever
        their values.

    Attributes
    ----------
    estimator_ : regressor
        The fitted clone.
    selector_ : selector
        The fitted clone; ``selector_.sample_indices_`` says which rows were used.
    n_features_in_ : int

    Notes
    -----
    Central rows shrink the spread of the features, which linear models feel. Predicting the ratings
    of `movies` (R2 on test rows, ridge regression, 1 % of the rows, five seeds; 0.083 on all rows):
    ``FastCore()`` 0.041 ± 0.013, ``FastCore(representative="random")`` 0.073 ± 0.010, ``Uniform()``
    0.075 ± 0.005. At 5 % they are 0.078, 0.083 and 0.084. Compare on data of your own with
    ``compare(model="ridge")``.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.linear_model import Ridge
    >>> from coresift import CoresetRegressor, FastCore
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = CoresetRegressor(Ridge(0.1), FastCore(0.3, random_state=0)).fit(X, y)
    >>> bool(model.score(X, y) > 0.4)
    True
    """

    _target = "regression"

    def _check_estimator(self) -> None:
        if is_classifier(self.estimator):
            raise ParameterError(
                f"estimator={type(self.estimator).__name__} predicts classes: use CoresetClassifier"
            )
