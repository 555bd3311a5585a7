# ruff: noqa: E501
"""How one report is written by another database, and what only looks like it.

Each function takes a record and a source of chance and returns a record of the same report, or of one that belongs
to it, or None where the record has nothing to vary.
"""

import random
import re
from collections.abc import Callable
from dataclasses import replace

from livingmeta.intake.record import (
    ABSTRACT,
    COMMENT,
    CONCERN,
    ERRATUM,
    PREPRINT,
    PROTOCOL,
    RETRACTION,
    Record,
    Relation,
)

Change = Callable[[Record, random.Random], Record | None]

BRITISH = (
    ("haem", "hem"), ("aemia", "emia"), ("oedema", "edema"), ("sulph", "sulf"), ("randomis", "randomiz"),
    ("anaes", "anes"), ("fibre", "fiber"), ("centre", "center"), ("ischaem", "ischem"), ("isation", "ization"),
    ("tumour", "tumor"), ("uraem", "urem"),
)  # fmt: skip
LONG = {
    "Am": "American", "J": "Journal of", "Kidney Dis": "Kidney Diseases", "Int": "International", "Urol": "Urology",
    "Nephrol": "Nephrology", "Soc": "Society of", "Korean Med Sci": "Korean Medical Science", "Med": "Medicine",
    "Engl": "England", "Cardiol": "Cardiology", "Neurol": "Neurology", "Neurosurg": "Neurosurgery", "Res": "Research",
    "Br": "British", "Nutr": "Nutrition", "Dis": "Diseases", "Transplant": "Transplantation", "Clin": "Clinical",
    "Dial": "Dialysis", "Sci": "Sciences", "Rep": "Reports", "Crit": "Critical", "Assoc": "Association",
    "Magnes": "Magnesium", "Purif": "Purification", "Perit": "Peritoneal", "Thorac": "Thoracic", "Surg": "Surgery",
    "Intern": "Internal", "Ann": "Annals of", "Syst": "Systematic", "Rev": "Reviews", "Eur": "European",
    "Bone": "Bone", "Miner": "Mineral", "Metab": "Metabolism", "Univ": "University", "Curr": "Current",
}  # fmt: skip
# Nobody's names: co-authors that the curated tables do not list, each as two databases would write it.
MADE_UP = (
    ("Müller-Muster A", "Mueller-Muster, Anna"), ("Łukaszewski-Demo P", "Lukaszewski-Demo P."),
    ("Exámplez García M", "Examplez Garcia, Maria"), ("Kim Mu-Myeong", "Mu-Myeong Kim"),
    ("Noname Y", "Yan Noname"), ("Šablonić Ž", "Sablonic, Zeljko"), ("Ødemo K", "Odemo K"),
    ("van der Muster JH", "Muster JH van der"), ("El-Mithal A", "Elmithal, Ahmed"), ("Primerov D", "Примеров Д"),
    ("Beispiel Ü", "Beispiel UE"), ("Li Mu", "Mu Li"),
)  # fmt: skip
OTHERWISE = dict(MADE_UP)


def _typo(text: str, chance: random.Random, times: int = 1) -> str:
    for _ in range(times):
        spots = [i for i in range(4, len(text) - 2) if text[i].isalpha() and text[i + 1].isalpha()]
        if not spots:
            return text
        at = chance.choice(spots)
        how = chance.randrange(3)
        text = (
            text[:at] + text[at + 1] + text[at] + text[at + 2 :] if how == 0
            else text[:at] + text[at + 1 :] if how == 1
            else text[:at] + text[at] + text[at:]
        )  # fmt: skip
    return text


def upper(record: Record, chance: random.Random) -> Record | None:
    return replace(record, title=record.title.upper(), doi="", pmid="")


def punctuation(record: Record, chance: random.Random) -> Record | None:
    title = record.title.replace("-", " ").replace(": ", " - ").replace(",", "").replace("'", "’")
    return replace(record, title=title + ".", doi="", pmid="")


def british(record: Record, chance: random.Random) -> Record | None:
    title = record.title
    for one, other in BRITISH:
        title = title.replace(one, other) if one in title else title.replace(other, one)
    return replace(record, title=title, doi="", pmid="") if title != record.title else None


def html(record: Record, chance: random.Random) -> Record | None:
    title = record.title.replace("&", "&amp;").replace(" of ", " of&nbsp;")
    title = re.sub(r"\b(in|and|serum|Serum)\b", r"<i>\1</i>", title, count=1)
    title = re.sub(r"(\d)", r"<sub>\1</sub>", title)
    return replace(record, title=title, pmid="", doi="")


def no_identifiers(record: Record, chance: random.Random) -> Record | None:
    return replace(record, doi="", pmid="", pmcid="")


def long_journal(record: Record, chance: random.Random) -> Record | None:
    name = " ".join(LONG.get(word, word) for word in record.journal.split())
    return replace(record, journal=f"The {name}", doi="", pmid="") if name != record.journal else None


def first_author_only(record: Record, chance: random.Random) -> Record | None:
    return replace(record, authors=record.authors[:1], doi="", pmid="") if len(record.authors) > 1 else None


def no_authors(record: Record, chance: random.Random) -> Record | None:
    return replace(record, authors=(), doi="", pmid="")


def other_names(record: Record, chance: random.Random) -> Record | None:
    names = tuple(OTHERWISE.get(name, name) for name in record.authors)
    return replace(record, authors=names, doi="", pmid="") if names != record.authors else None


def online_first(record: Record, chance: random.Random) -> Record | None:
    if record.year is None:
        return None
    return replace(record, year=record.year - 1, volume="", issue="", pages="", doi="", pmid="")


def cut_off(record: Record, chance: random.Random) -> Record | None:
    return replace(record, title=record.title[:80], doi="", pmid="") if len(record.title) > 95 else None


def no_subtitle(record: Record, chance: random.Random) -> Record | None:
    main, mark, _ = record.title.partition(": ")
    return replace(record, title=main, doi="", pmid="") if mark and len(main.split()) > 5 else None


def one_typing_error(record: Record, chance: random.Random) -> Record | None:
    return replace(record, title=_typo(record.title, chance), doi="", pmid="")


def wrong_pmid(record: Record, chance: random.Random) -> Record | None:
    if not (record.pmid and record.doi):
        return None
    return replace(record, pmid=record.pmid[:-2] + str(chance.randrange(10, 99)))


def title_and_citation(record: Record, chance: random.Random) -> Record | None:
    if not (record.volume and record.year):
        return None
    return Record(title=record.title, journal=record.citation)


def title_alone(record: Record, chance: random.Random) -> Record | None:
    return Record(title=record.title) if len(record.title.split()) > 7 else None


def doi_alone(record: Record, chance: random.Random) -> Record | None:
    return Record(doi=f"https://doi.org/{record.doi.upper()}", year=record.year) if record.doi else None


FIRST: dict[str, Change] = {
    one.__name__: one
    for one in (
        upper, punctuation, british, html, no_identifiers, long_journal, first_author_only, no_authors, other_names,
        online_first, cut_off, no_subtitle, one_typing_error, wrong_pmid, title_and_citation, title_alone, doi_alone,
    )
}  # fmt: skip


# --- the second part: looked at once, then the rules were changed for what it showed; see the README


def misread(record: Record, chance: random.Random) -> Record | None:
    title = record.title.replace("rn", "m", 1).replace("ll", "l1", 1).replace("ci", "d", 1)
    return replace(record, title=title, doi="", pmid="") if title != record.title else None


def two_typing_errors(record: Record, chance: random.Random) -> Record | None:
    return replace(record, title=_typo(record.title, chance, 2), doi="", pmid="")


def ellipsis(record: Record, chance: random.Random) -> Record | None:
    words = record.title.split()
    return replace(record, title=" ".join(words[:9]) + " ...", doi="", pmid="") if len(words) > 11 else None


def tex(record: Record, chance: random.Random) -> Record | None:
    title = record.title.replace("&", r"\&").replace("%", r"\%")
    title = re.sub(r"\b([A-Z]{2,}[-\d]*)", r"{\1}", title)
    return replace(record, title="{" + title + "}", doi="", pmid="")


def brackets(record: Record, chance: random.Random) -> Record | None:
    return replace(record, title=f"[{record.title}].", language="Spanish", doi="", pmid="")


def authors_reversed(record: Record, chance: random.Random) -> Record | None:
    return replace(record, authors=record.authors[::-1], doi="", pmid="") if len(record.authors) > 2 else None


def authors_upper(record: Record, chance: random.Random) -> Record | None:
    return replace(record, authors=tuple(name.upper() for name in record.authors), doi="", pmid="")


def author_misspelt(record: Record, chance: random.Random) -> Record | None:
    if not record.authors or len(record.authors[0]) < 7:
        return None
    return replace(record, authors=(_typo(record.authors[0], chance), *record.authors[1:]), doi="", pmid="")


def wrong_doi(record: Record, chance: random.Random) -> Record | None:
    return (
        replace(record, doi=record.doi[:-1] + str((ord(record.doi[-1]) + 3) % 10))
        if record.doi and record.pmid
        else None
    )


def volume_with_all(record: Record, chance: random.Random) -> Record | None:
    if not record.pages:
        return None
    return replace(
        record, volume=f"{record.volume}({record.issue}):{record.pages}", issue="", pages="", doi="", pmid=""
    )


def first_page(record: Record, chance: random.Random) -> Record | None:
    return (
        replace(record, pages=re.split("[-–]", record.pages)[0], issue="", doi="", pmid="")
        if "-" in record.pages
        else None
    )


def short_words(record: Record, chance: random.Random) -> Record | None:
    title = record.title
    for long, short in (
        ("agnesium", "g"),
        ("hemodialysis", "HD"),
        ("chronic kidney disease", "CKD"),
        (" and ", " & "),
    ):
        title = title.replace(long, short)
    return replace(record, title=title, doi="", pmid="") if title != record.title else None


def no_year(record: Record, chance: random.Random) -> Record | None:
    return replace(record, year=None, doi="", pmid="")


def wrong_year(record: Record, chance: random.Random) -> Record | None:
    return replace(record, year=record.year + 3) if record.year and (record.doi or record.pmid) else None


def twice_encoded(record: Record, chance: random.Random) -> Record | None:
    title = record.title.replace(" & ", " and ").replace(" and ", " &amp;amp; ")
    return replace(record, title=title, doi="", pmid="") if title != record.title else None


def several(record: Record, chance: random.Random) -> Record | None:
    for change in chance.sample(
        [first_author_only, long_journal, british, punctuation, online_first, one_typing_error], 3
    ):
        record = change(record, chance) or record
    return replace(record, doi="", pmid="")


SECOND: dict[str, Change] = {
    one.__name__: one
    for one in (
        misread, two_typing_errors, ellipsis, tex, brackets, authors_reversed, authors_upper, author_misspelt, wrong_doi,
        volume_with_all, first_page, short_words, no_year, wrong_year, twice_encoded, several,
    )
}  # fmt: skip


# --- the third part: written after the rules were left as they are; see the README


def line_break(record: Record, chance: random.Random) -> Record | None:
    words = record.title.split()
    long = [i for i, word in enumerate(words) if len(word) > 8 and word.isalpha()]
    if not long:
        return None
    at = chance.choice(long)
    words[at] = words[at][:5] + "- " + words[at][5:]
    return replace(record, title=" ".join(words), doi="", pmid="")


def dotted_journal(record: Record, chance: random.Random) -> Record | None:
    if not record.journal.isascii() or " " not in record.journal:
        return None
    return replace(record, journal=". ".join(record.journal.split()) + ".", pages=f"pp. {record.pages}" if record.pages else "",
                   doi="", pmid="")  # fmt: skip


def journal_with_town(record: Record, chance: random.Random) -> Record | None:
    return (
        replace(record, journal=f"{record.journal.upper()} (Nowhere, Utopia)", doi="", pmid="")
        if record.journal
        else None
    )


def doi_with_resolver(record: Record, chance: random.Random) -> Record | None:
    if not record.doi:
        return None
    title = " ".join(record.title.split()[:6])
    return replace(record, title=title, doi=f"http://dx.doi.org/{record.doi.upper()}.", pmid="", authors=())


def pmid_only(record: Record, chance: random.Random) -> Record | None:
    return Record(title=record.title.lower(), pmid=f"PMID: {record.pmid}") if record.pmid else None


def initials_first(record: Record, chance: random.Random) -> Record | None:
    def turned(name: str) -> str:
        parts = name.split()
        last = parts[-1]
        return (
            f"{'. '.join(last)}. {' '.join(parts[:-1])}"
            if len(parts) > 1 and last.isupper() and len(last) < 3
            else name
        )

    names = tuple(turned(name) for name in record.authors)
    return replace(record, authors=names, doi="", pmid="") if names != record.authors else None


def and_others(record: Record, chance: random.Random) -> Record | None:
    return replace(record, authors=(record.authors[0], "et al."), doi="", pmid="") if record.authors else None


def full_stop_for_colon(record: Record, chance: random.Random) -> Record | None:
    return (
        replace(record, title=record.title.replace(": ", ". "), doi="", pmid="")
        if ": " in record.title
        else None
    )


def no_article(record: Record, chance: random.Random) -> Record | None:
    title = re.sub(r"^(The|An?) ", "", record.title)
    return replace(record, title=title, doi="", pmid="") if title != record.title else None


def next_year(record: Record, chance: random.Random) -> Record | None:
    return (
        replace(record, year=record.year + 1, doi="", pmid="", pages="", volume="") if record.year else None
    )


def odd_signs(record: Record, chance: random.Random) -> Record | None:
    table = str.maketrans({"-": "‐", "'": "ʼ", " ": "\u00a0", "2": "²", "3": "³"})
    return replace(record, title=f"“{record.title.translate(table)}”", doi="", pmid="")


def swapped_words(record: Record, chance: random.Random) -> Record | None:
    words = record.title.split()
    if len(words) < 8:
        return None
    words[3], words[4] = words[4], words[3]
    return replace(record, title=" ".join(words), doi="", pmid="")


def shouted_with_nobody(record: Record, chance: random.Random) -> Record | None:
    return replace(record, title=record.title.upper(), authors=("[Anonymous]",), doi="", pmid="", issue="")


def with_note(record: Record, chance: random.Random) -> Record | None:
    return replace(record, title=f"{record.title} [see comments]", doi="", pmid="", pages="")


THIRD: dict[str, Change] = {
    one.__name__: one
    for one in (
        line_break, dotted_journal, journal_with_town, doi_with_resolver, pmid_only, initials_first, and_others,
        full_stop_for_colon, no_article, next_year, odd_signs, swapped_words, shouted_with_nobody, with_note,
    )
}  # fmt: skip


PARTS = {"first": FIRST, "second": SECOND, "third": THIRD}


# --- reports that belong to another one without being it


def _later(record: Record, years: int) -> int | None:
    return record.year + years if record.year else None


def _elsewhere(record: Record, **changes: object) -> Record:
    plain = replace(record, doi="", pmid="", pmcid="", volume="", issue="", pages="")
    return replace(plain, **changes)  # type: ignore[arg-type]


def erratum(record: Record, chance: random.Random) -> Record | None:
    return _elsewhere(record, title=f"Erratum: {record.title}", year=_later(record, 1), type=ERRATUM)


def preprint(record: Record, chance: random.Random) -> Record | None:
    return _elsewhere(
        record, journal="medRxiv", year=_later(record, -1), doi=f"10.1101/2020.01.01.{_digits(chance)}"
    )


def protocol(record: Record, chance: random.Random) -> Record | None:
    title = f"{record.title}: study protocol"
    return _elsewhere(record, title=title, journal="Trials", year=_later(record, -3), type=PROTOCOL)


def conference(record: Record, chance: random.Random) -> Record | None:
    return _elsewhere(
        record,
        year=_later(record, -1),
        volume="31",
        issue="Suppl",
        pages=f"{_digits(chance)[:3]}",
        type=ABSTRACT,
    )


def comment(record: Record, chance: random.Random) -> Record | None:
    return _elsewhere(record, title=f"Re: {record.title}", authors=("Noname Q",), year=_later(record, 1))


def corrigendum(record: Record, chance: random.Random) -> Record | None:
    return _elsewhere(record, title=f"Corrigendum to “{record.title}”", authors=(), year=_later(record, 2))


def untitled_correction(record: Record, chance: random.Random) -> Record | None:
    if not record.pmid:
        return None
    said = (Relation("erratum_of", pmid=record.pmid),)
    return _elsewhere(record, title="Author Correction", year=_later(record, 1), relations=said)


def retraction(record: Record, chance: random.Random) -> Record | None:
    return _elsewhere(
        record, title=f"Retraction notice to: {record.title}", year=_later(record, 3), type=RETRACTION
    )


def concern(record: Record, chance: random.Random) -> Record | None:
    return _elsewhere(
        record,
        title=f"Expression of Concern: {record.title}",
        authors=(),
        year=_later(record, 3),
        type=CONCERN,
    )


def reply(record: Record, chance: random.Random) -> Record | None:
    return _elsewhere(record, title=f"Response to: {record.title}", authors=("Noname Q",), type=COMMENT)


def reworded_preprint(record: Record, chance: random.Random) -> Record | None:
    title = record.title + " in a made-up region"
    doi = f"10.21203/rs.3.rs-{_digits(chance)}/v1"
    return _elsewhere(record, title=title, journal="Research Square", doi=doi, type=PREPRINT)


def same_number(record: Record, chance: random.Random) -> Record | None:
    title = (
        f"What else was measured: {chance.choice(('quality of life', 'cost', 'sleep'))} in a made-up trial"
    )
    return _elsewhere(record, title=title, year=_later(record, 2), authors=record.authors[-1:])


def correction_to(record: Record, chance: random.Random) -> Record | None:
    return _elsewhere(
        record, title=f"Correction to: {record.title}.", year=_later(record, 0), authors=record.authors[:1]
    )


def retraction_of(record: Record, chance: random.Random) -> Record | None:
    return _elsewhere(record, title=f'Retraction of "{record.title}"', year=_later(record, 5), authors=())


def authors_reply(record: Record, chance: random.Random) -> Record | None:
    return _elsewhere(record, title=f"Authors' reply: {record.title.lower()}")


def working_paper(record: Record, chance: random.Random) -> Record | None:
    doi = f"10.2139/ssrn.{_digits(chance)}"
    return _elsewhere(
        record,
        title=record.title.title(),
        journal="SSRN Electronic Journal",
        doi=doi,
        year=_later(record, -2),
    )


def rationale(record: Record, chance: random.Random) -> Record | None:
    title = f"Rationale and design of a trial: {record.title}"
    return _elsewhere(record, title=title, journal="Contemp Clin Trials", year=_later(record, -4))


def follow_up(record: Record, chance: random.Random) -> Record | None:
    title = f"{record.title}: five-year follow-up"
    return _elsewhere(record, title=title, journal="A made-up journal", year=_later(record, 4))


def congress_code(record: Record, chance: random.Random) -> Record | None:
    title = f"FP{_digits(chance)[:3]} {record.title}"
    return _elsewhere(record, title=title, journal="A made-up congress", year=_later(record, -1))


COMPANIONS: dict[str, tuple[Change, str, str]] = {
    "erratum": (erratum, "erratum", "first"), "preprint": (preprint, "preprint", "first"),
    "protocol": (protocol, "protocol", "first"), "conference": (conference, "second_report", "first"),
    "comment": (comment, "comment", "first"), "corrigendum": (corrigendum, "erratum", "second"),
    "untitled_correction": (untitled_correction, "erratum", "second"),
    "retraction": (retraction, "retraction", "second"), "concern": (concern, "concern", "second"),
    "reply": (reply, "comment", "second"), "reworded_preprint": (reworded_preprint, "preprint", "second"),
    "same_number": (same_number, "second_report", "second"), "correction_to": (correction_to, "erratum", "third"),
    "retraction_of": (retraction_of, "retraction", "third"), "authors_reply": (authors_reply, "comment", "third"),
    "working_paper": (working_paper, "preprint", "third"), "rationale": (rationale, "protocol", "third"),
    "follow_up": (follow_up, "second_report", "third"), "congress_code": (congress_code, "second_report", "third"),
}  # fmt: skip


# --- other reports that look much like one


def part_two(record: Record, chance: random.Random) -> Record | None:
    return replace(_elsewhere(record), title=f"{record.title}. Part II")


def update(record: Record, chance: random.Random) -> Record | None:
    if not (record.year and record.volume):
        return None
    return _elsewhere(
        record,
        year=record.year + 3,
        volume=str(int(re.sub(r"\D", "", record.volume) or 1) + 3),
        pages="11-19",
    )


def another_population(record: Record, chance: random.Random) -> Record | None:
    title = record.title.replace("hemodialysis", "peritoneal dialysis").replace(
        "Hemodialysis", "Peritoneal Dialysis"
    )
    return _elsewhere(record, title=title) if title != record.title else None


def another_word(record: Record, chance: random.Random) -> Record | None:
    title = record.title
    for one, other in (("mortality", "hospitalization"), ("calcification", "stiffness"), ("stroke", "migraine"),
                       ("Mortality", "Fractures"), ("Stroke", "Migraine"), ("hypomagnesemia", "hypermagnesemia")):  # fmt: skip
        title = title.replace(one, other)
    return _elsewhere(record, title=title) if title != record.title else None


def shared_doi(record: Record, chance: random.Random) -> Record | None:
    if not record.doi:
        return None
    title = f"A made-up abstract of the same supplement, number {_digits(chance)}"
    return _elsewhere(record, title=title, authors=("Noname Q",), doi=record.doi)


def in_children(record: Record, chance: random.Random) -> Record | None:
    return _elsewhere(record, title=f"{record.title} in children", pages=_digits(chance)[:4], volume="77")


def paper_b(record: Record, chance: random.Random) -> Record | None:
    return _elsewhere(record, title=f"{record.title} (Paper B)")


def bare_reply(record: Record, chance: random.Random) -> Record | None:
    return _elsewhere(record, title="Reply", year=_later(record, 1))


LOOK_ALIKES: dict[str, tuple[Change, str]] = {
    "part_two": (part_two, "first"), "another_population": (another_population, "first"),
    "update": (update, "second"), "another_word": (another_word, "second"), "shared_doi": (shared_doi, "second"),
    "in_children": (in_children, "third"), "paper_b": (paper_b, "third"), "bare_reply": (bare_reply, "third"),
}  # fmt: skip


def _digits(chance: random.Random) -> str:
    return str(chance.randrange(100_000, 999_999))
