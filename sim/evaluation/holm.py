"""Several comparisons at once: p-values of paired differences, adjusted by Holm's step-down method."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import ttest_1samp


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm-adjusted p-values, in the order given: below alpha means rejected at family-wise error alpha.

    The i-th smallest of m is multiplied by m - i + 1 and kept monotone (Holm 1979, Scand. J. Statist. 6, 65-70).
    """
    p = np.asarray(p_values, dtype=float)
    order = np.argsort(p, kind="stable")
    adjusted = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)), 1.0)
    back = np.empty(len(p))
    back[order] = adjusted
    return [float(value) for value in back]


def paired_p_value(differences: Sequence[float]) -> float:
    """Two-sided p-value of Student's t against a mean of 0; differences that never vary are decided by their sign.

    nan for fewer than two.
    """
    x = np.asarray(differences, dtype=float)
    if len(x) < 2:
        return float("nan")
    if np.ptp(x) == 0:
        return 1.0 if x[0] == 0 else 0.0
    return float(ttest_1samp(x, 0.0).pvalue)
