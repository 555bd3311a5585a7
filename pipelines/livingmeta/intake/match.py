"""What two records have to do with each other, and which records are one report."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Match:
    """Two records that have to do with each other.

    Parameters
    ----------
    left, right : int
        Places in the sequence that was given. Of a link, `left` is the one that is about `right`: the
        erratum, retraction, comment, protocol or preprint; else `left` is the smaller one.
    relation : str
        One of `vocabulary.RELATIONS`.
    because : str
        Why, in words.
    score : float
        Similarity of the titles, 0 to 1; 1 where identifiers decide.
    """

    left: int
    right: int
    relation: str
    because: str
    score: float


@dataclass(frozen=True)
class Cluster:
    """Records that are one report.

    Parameters
    ----------
    members : tuple of int
        Their places in the sequence, ascending.
    representative : int
        The fullest of them; of equally full ones the same one in whatever order they came.
    because : tuple of Match
        The pairs that made the cluster, each with its reason.
    """

    members: tuple[int, ...]
    representative: int
    because: tuple[Match, ...]


@dataclass(frozen=True)
class Comparison:
    """Clusters of two or more records, and every pair that has to do with each other."""

    clusters: tuple[Cluster, ...]
    matches: tuple[Match, ...]

    def of(self, *relations: str) -> tuple[Match, ...]:
        """Return the pairs of these relations."""
        return tuple(match for match in self.matches if match.relation in relations)
