"""Is it known what kind of record it is, and of what other record it speaks?"""

import pytest

from livingmeta.intake.record import TYPES
from livingmeta.intake.types import record_type, title_relations


@pytest.mark.parametrize(
    ("title", "type_", "of"),
    [
        ("Erratum: Author Correction: A trial (J (2024) 14 1 DOI: 10.1000/x)", "erratum", "erratum_of"),
        ("Correction to: A trial", "erratum", "erratum_of"),
        ("Corrigendum to “A trial” [J. 12 (2015) 1-2]", "erratum", "erratum_of"),
        ("Publisher Correction: A trial", "erratum", "erratum_of"),
        ("Correction for Example et al., A trial", "erratum", "erratum_of"),
        ("Correction", "erratum", ""),
        ("Correction of hypomagnesaemia in haemodialysis", "article", ""),
        ("Correction for attenuation in trials", "article", ""),
        ("Retraction: A trial", "retraction", "retraction_of"),
        ("Retraction notice to “A trial” [J 1]", "retraction", "retraction_of"),
        ("Retraction of “A trial”", "retraction", "retraction_of"),
        ("Retraction of the eyelid in thyroid disease", "article", ""),
        ("RETRACTED ARTICLE: A trial", "article", "retracted_by"),
        ("Retracted: A trial", "article", "retracted_by"),
        ("Expression of concern: A trial", "expression_of_concern", "concern_of"),
        ("Magnesium: study protocol for a randomised trial", "protocol", ""),
        ("Rationale and design of the made-up trial", "protocol", ""),
        ("A magnesium sulphate protocol for pre-eclampsia: a cohort", "article", ""),
        ("Magnesium: a systematic review", "review", ""),
        ("Magnesium: a randomised trial and meta-analysis", "article", ""),
        ("Re: A trial", "comment", "comment_on"),
        ("Response to magnesium in asthma", "article", ""),
        ("Magnesium in asthma [abstract]", "conference_abstract", ""),
    ],
)
def test_titles_tell_the_type_and_the_other_record(title, type_, of):
    relations = title_relations(title)
    assert record_type([], title) == type_
    assert [relation.kind for relation in relations] == ([of] if of else [])


def test_a_title_that_names_the_doi_of_the_other_record_gives_it():
    (relation,) = title_relations("Erratum: Correction: A trial (J (2024) 14 1 DOI: 10.1000/ABC)")
    assert relation.doi == "10.1000/abc" and relation.text.startswith("A trial")


@pytest.mark.parametrize(
    ("kind", "type_"),
    [
        ("Published Erratum", "erratum"),
        ("Correction", "erratum"),
        ("Retraction of Publication", "retraction"),
        ("Retracted Publication", "article"),
        ("Expression of Concern", "expression_of_concern"),
        ("Preprint", "preprint"),
        ("Publication With Expression of Concern", "article"),
        ("Clinical Trial Protocol", "protocol"),
        ("Review", "review"),
        ("Trial registry record", "registry_entry"),
        ("Conference Abstract", "conference_abstract"),
        ("Editorial", "comment"),
        ("Meeting Abstract", "conference_abstract"),
        ("Letter", "article"),
        ("JOUR", "article"),
        ("Conference Paper", "article"),
    ],
)
def test_publication_types_tell_the_type(kind, type_):
    assert record_type([kind], "A trial") == type_


@pytest.mark.parametrize("type_", TYPES)
def test_our_own_types_are_kept(type_):
    assert record_type([type_], "A trial") == type_


def test_a_notice_outweighs_what_it_is_on():
    assert record_type(["Review"], "Erratum: A systematic review") == "erratum"
    assert record_type(["Journal Article"], "Retraction: study protocol for a trial") == "retraction"


@pytest.mark.parametrize(
    ("doi", "source", "type_"),
    [
        ("10.1101/2020.03.01.20029769", "", "preprint"), ("10.1101/gad.1234", "", "article"),
        ("10.21203/rs.3.rs-12345/v1", "", "preprint"), ("10.2139/ssrn.1234567", "", "preprint"),
        ("10.20944/preprints202001.0001.v1", "", "preprint"),
        ("", "medRxiv : the preprint server", "preprint"),
        ("", "https://clinicaltrials.gov/show/NCT01234567", "registry_entry"),
        ("10.1000/x", "A journal", "article"),
    ],
)  # fmt: skip
def test_sources_tell_preprints_and_entries_of_registers(doi, source, type_):
    assert record_type(["Journal Article"], "A trial", doi, source) == type_
