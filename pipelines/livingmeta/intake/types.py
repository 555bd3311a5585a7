"""What kind of record it is, and what it says of others: from publication types, titles and sources."""

import re
from collections.abc import Iterable

from livingmeta.intake import normalise
from livingmeta.intake.record import (
    ABSTRACT,
    ARTICLE,
    COMMENT,
    CONCERN,
    ERRATUM,
    PREPRINT,
    PROTOCOL,
    REGISTRY_ENTRY,
    RETRACTION,
    REVIEW,
    Relation,
)

# Of publication types as databases print them, the first that matches decides.
BY_KIND = (
    (RETRACTION, r"retraction (of publication|notice)|^retraction$|^withdrawal( notice)?$"),
    (CONCERN, r"^(?!publication with).*expression of concern"),
    (ERRATUM, r"erratum|errata|corrigendum|^(author |publisher )?correction$|correction, addition"),
    (PROTOCOL, r"protocol"),
    (REGISTRY_ENTRY, r"trial registry record|^registr(y|ation)( entry| record)?$|"
    r"^clinical trial registration$"),
    (PREPRINT, r"preprint"),
    (ABSTRACT, r"(conference|meeting|congress) abstract|^abst(ract)?$|^conference proceeding$"),
    (REVIEW, r"^review$|^review;|; review|systematic review|meta-?analysis|review article|^short survey$"),
    (COMMENT, r"^comment|^editorial|; comment"),
)  # fmt: skip
ERRATUM_TITLE = re.compile(
    r"^\W*(?:(?:(?:author'?s?'?|publisher'?s?|editorial)\s+)?(?:erratum|errata|corrigend(?:um|a)|addendum|"
    r"correction(?=\s*(?:to\b|[:.–—(\[]|-\s|$)|\s+for\b.{0,80}\bet al\b))"
    r"(?:\s+(?:to|for|in|regarding)\b)?[\s:.–—-]*)+",
    re.I,
)
# "Retraction of" is also something that a surgeon does: a title of a paper begins with a capital or a quote.
RETRACTION_TITLE = re.compile(
    r"^\W*(?:(?i:notice of retraction|retraction (?:notice|note)|withdrawal notice|statement of retraction)"
    r"(?:\s+(?i:to|for|of)\b)?|(?i:retraction)(?:\s+(?i:to)\b|\s*[:–—(\[]|\s+-\s|\s*$)|"
    r"(?i:retraction of)\s*(?=[:\"“'‘A-Z(\[]))[\s:.–—-]*"
)
RETRACTED_TITLE = re.compile(
    r"^\W*(?:retracted(?: article| paper)?|withdrawn(?: article)?)\s*[:.\]\-–—]+\s*", re.I
)
CONCERN_TITLE = re.compile(
    r"^\W*(?:editorial )?expressions? of concern[\s:.\-–—]*(?:to|for|about|on|regarding|in)?[\s:]*", re.I
)
COMMENT_TITLE = re.compile(
    r"^\W*(?:re\s*:|(?:author'?s?'?|the authors'?)\s+(?:reply|response)\b|"
    r"(?:in )?reply(?: to)?\s*[:\"“]|in reply\b|"
    r"comments? on\b|commentary\s*[:.]|commentary on\b|letter to the editor\b|response to\s*[:\"“])[\s:]*",
    re.I,
)
PROTOCOL_TITLE = re.compile(
    r"\b(?:study|trial|review|research) protocols?\b|[:.\-–—]\s*(?:an? |the )?protocol\b|"
    r"\bprotocol (?:for|of) (?:an?|the) "
    r"(?:\S+ ){0,6}(?:trial|study|review|meta-analysis)|\(protocol\)\s*\.?$|\brationale(?:,|"
    r" and)(?: the)?(?: study)? design|"
    r"\bdesign(?:,| and) (?:the )?rationale|\bstatistical analysis plan\b",
    re.I,
)  # fmt: skip
REVIEW_TITLE = re.compile(
    r"\b(?:systematic|scoping|umbrella|narrative|literature|mini|integrative) reviews?\b|"
    r"\bmeta-?\s?analys[ei]s\b|"
    r"[:.]\s*an? (?:\w+ ){0,2}review\b|\breview of the literature\b",
    re.I,
)  # fmt: skip
ABSTRACT_TITLE = re.compile(
    r"^\W*(?:abstract|poster)\s*(?:no\.?|number)?\s*[A-Z]{0,3}-?\d+|[\[(](?:conference |"
    r"meeting )?abstract[\])]\.?$",
    re.I,
)
PREPRINT_DOI = re.compile(
    r"^10\.(?:1101/(?:19|20)\d\d\.|1101/\d{5,6}(?:v\d+)?$|21203/rs\.|2139/ssrn|20944/preprints|"
    r"48550/arxiv|26434/chemrxiv|"
    r"31219/osf|31234/osf|22541/au|1590/scielopreprints|36227/techrxiv|2196/preprints)"
)  # fmt: skip
PREPRINT_SOURCE = re.compile(
    r"\b(?:medrxiv|biorxiv|arxiv|chemrxiv|psyarxiv|techrxiv|authorea|ssrn|research square|"
    r"preprints(?:\.org)?|osf preprints)\b",
    re.I,
)
REGISTRY_SOURCE = re.compile(
    r"clinicaltrials\.gov|\bictrp\b|trialsearch|clinical\s?trials?\s?regist(?:er|ry)|isrctn\.(?:com|org)|"
    r"^(?:isrctn|chictr|ctri|anzctr|drks|umin-ctr|jrct|irct)$",
    re.I,
)  # fmt: skip

# The tags of PubMed's two formats, and what they say of the other record. Where a comment on a record
# or its republication is named, there is nothing to say of the record itself.
PUBMED_RELATIONS = {
    "EIN": "corrected_by", "ErratumIn": "corrected_by",
    "CRI": "corrected_by", "CorrectedandRepublishedIn": "corrected_by",
    "EFR": "erratum_of", "ErratumFor": "erratum_of",
    "CRF": "erratum_of", "CorrectedandRepublishedFrom": "erratum_of",
    "RIN": "retracted_by", "RetractionIn": "retracted_by", "PartialRetractionIn": "retracted_by",
    "RRI": "retracted_by", "RetractedandRepublishedIn": "retracted_by",
    "ROF": "retraction_of", "RetractionOf": "retraction_of", "PartialRetractionOf": "retraction_of",
    "ECI": "concern_by", "ExpressionOfConcernIn": "concern_by",
    "ECF": "concern_of", "ExpressionOfConcernFor": "concern_of",
    "CON": "comment_on", "CommentOn": "comment_on",
    "UIN": "published_as", "UpdateIn": "published_as",
    "RPI": "published_as", "RepublishedIn": "published_as",
}  # fmt: skip
OF_TYPE = {"erratum_of": ERRATUM, "retraction_of": RETRACTION, "concern_of": CONCERN, "comment_on": COMMENT}


def record_type(
    kinds: Iterable[str], title: str, doi: str = "", source: str = "", relations: Iterable[Relation] = ()
) -> str:
    """Return one of TYPES.

    Parameters
    ----------
    kinds : iterable of str
        Publication types as the export names them, or as TYPES does.
    title, doi : str
        Normalised.
    source : str
        Journal, database and address, where a preprint server or a register would be named.
    relations : iterable of Relation
        What the record says of others; an erratum of something is an erratum.
    """
    kinds = [" ".join(kind.lower().replace("_", " ").split()) for kind in kinds]
    by_kind = [name for name, pattern in BY_KIND if any(re.search(pattern, kind) for kind in kinds)]
    strong = [name for name in by_kind if name in (RETRACTION, CONCERN, ERRATUM)]
    if strong:
        return strong[0]
    by_title = _of_title(title)
    if by_title in (RETRACTION, CONCERN, ERRATUM):
        return by_title
    of = {OF_TYPE.get(relation.kind) for relation in relations}
    return next((name for name in (RETRACTION, CONCERN, ERRATUM) if name in of), "") or (
        _of_source(doi, source)
        or (by_kind[0] if by_kind else "")
        or by_title
        or (COMMENT if COMMENT in of else ARTICLE)
    )


def _of_title(title: str) -> str:
    patterns = (
        (CONCERN, CONCERN_TITLE.match(title)),
        (RETRACTION, RETRACTION_TITLE.match(title)),
        (ERRATUM, ERRATUM_TITLE.match(title)),
        (COMMENT, COMMENT_TITLE.match(title)),
        (PROTOCOL, PROTOCOL_TITLE.search(title)),
        (ABSTRACT, ABSTRACT_TITLE.search(title)),
        (
            REVIEW,
            REVIEW_TITLE.search(title) and not re.search(r"(?:trial|study) and (?:\w+ )?meta", title, re.I),
        ),
    )
    return next((name for name, found in patterns if found), "")


def _of_source(doi: str, source: str) -> str:
    if PREPRINT_DOI.match(doi) or PREPRINT_SOURCE.search(source):
        return PREPRINT
    return REGISTRY_ENTRY if REGISTRY_SOURCE.search(source) else ""


def relation(kind: str, text: str) -> Relation:
    """Return a relation to the record that a text describes, with the DOI and PMID it names."""
    text = normalise.text(text)
    return Relation(kind, normalise.doi(text), normalise.named_pmid(text), text)


def kind_relations(kinds: Iterable[str]) -> tuple[Relation, ...]:
    """Return what publication types say of a notice on this very record."""
    marks = (
        ("retracted_by", r"(?:retracted|withdrawn)\b"),
        ("concern_by", r"publication with expression of concern"),
    )
    found = ((name, kind) for kind in kinds for name, mark in marks if re.match(mark, kind.strip(), re.I))
    return tuple(Relation(name, text=kind) for name, kind in found)


def abstract_relations(abstract: str) -> tuple[Relation, ...]:
    """Return what the abstract of a notice says, such as "[This retracts the article DOI: 10.1000/x]"."""
    kinds = {"retracts": "retraction_of", "corrects": "erratum_of"}
    found = re.search(r"\bthis (retracts|corrects) the article\b(.{0,150})", abstract[:500], re.I)
    said = relation(kinds[found[1].lower()], found[2].strip(" []")) if found else Relation("")
    return (said,) if said.doi or said.pmid else ()


def title_relations(title: str) -> tuple[Relation, ...]:
    """Return what a title says of another record: of what it is an erratum, a retraction, a comment."""
    patterns = (
        ("concern_of", CONCERN_TITLE.match(title)),
        ("retraction_of", RETRACTION_TITLE.match(title)),
        ("erratum_of", ERRATUM_TITLE.match(title)),
        ("comment_on", COMMENT_TITLE.match(title)),
    )
    for kind, found in patterns:
        if found:
            rest = title[found.end() :].strip(' .:-–—[]()"“”')
            return (relation(kind, rest),) if rest else ()
    marked = RETRACTED_TITLE.match(title)
    return (Relation("retracted_by", text=title[: marked.end()].strip(" :.-–—")),) if marked else ()
