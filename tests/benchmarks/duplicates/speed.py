# ruff: noqa: E501, SIM905
"""Many made-up records, a quarter of them varied copies, for timing."""

import random

import variations
from labelled import read

from livingmeta.intake.record import Record

WORDS = (
    "magnesium serum dialysis mortality calcification vascular hypomagnesemia chronic kidney disease patients risk "
    "cohort trial randomized stroke hemorrhage bone density fracture hormone parathyroid phosphate calcium aortic "
    "stiffness pressure blood heart failure arrhythmia atrial fibrillation surgery infarction cardiac outcome "
    "inflammation oxidative stress endothelial function supplementation oral intravenous sulfate citrate oxide "
    "pregnancy asthma migraine diabetes insulin resistance elderly children women men intensive care sepsis"
).split()
SYLLABLES = "ba co di fe gu ha jo ki lu ma ne po qui ra se ti vo wu xa zi".split()


def many(count: int, seed: int = 1) -> list[Record]:
    """Return made-up records with words of the field and some rare ones; every fourth copies an earlier one."""
    chance = random.Random(seed)
    records = [one.record for one in read("first")][: count // 5]
    changes = [variations.PARTS["first"][name] for name in sorted(variations.PARTS["first"])]
    while len(records) < count:
        copy = len(records) % 4 == 0 and chance.choice(changes)(chance.choice(records), chance)
        records.append(copy or _made_up(chance))
    chance.shuffle(records)
    return records


def _made_up(chance: random.Random) -> Record:
    rare = "".join(chance.choices(SYLLABLES, k=4))
    words = [*chance.choices(WORDS, k=chance.randrange(6, 12)), rare]
    names = [
        "".join(chance.choices(SYLLABLES, k=2)).title() + " " + chance.choice("ABCDEFGHIJ") for _ in range(4)
    ]
    first = chance.randrange(1, 2000)
    return Record(
        " ".join(words), tuple(names), chance.randrange(1990, 2026), f"Made-up Journal of {chance.choice(WORDS)}",
        str(chance.randrange(1, 90)), "", f"{first}-{first + 7}",
    )  # fmt: skip
