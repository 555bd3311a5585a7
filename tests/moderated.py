"""Effects with moderators and clusters, for the tests of what explains differences."""

from pathlib import Path

import numpy as np
import pandas as pd

from livingmeta.effect_sizes import MEASURES, EffectSizes, effect_sizes, with_field_names

DATA = Path(__file__).parent / "reference" / "data"


def bcg():
    rows = pd.read_csv(DATA / "bcg.csv")
    rows = rows.assign(n1i=rows.tpos + rows.tneg, n2i=rows.cpos + rows.cneg, line=rows.index + 2)
    rows["study"] = rows["author"]
    return effect_sizes(with_field_names(rows, {"ai": "tpos", "ci": "cpos"}), "RR")


def konstantopoulos():
    rows = pd.read_csv(DATA / "konstantopoulos2011.csv")
    return made(rows["yi"], rows["vi"], district=rows["district"], year=rows["year"])


def made(y, v, **columns):
    frame = pd.DataFrame({"yi": y, "vi": v, **columns})
    return EffectSizes(MEASURES["GEN"], frame.assign(study="s", line=np.arange(len(frame)) + 2))


def random(k=9, seed=3):
    source = np.random.default_rng(seed)
    return source.normal(size=k), source.uniform(0.1, 1, size=k), source.normal(size=k)
