"""The columns of tables that databases, screening tools and registers export, under one name each."""

import re
import unicodedata

# What a column is, by the names that exports give it, lower case and letters and digits only; where a
# table has several of one kind, the one named first here counts first.
COLUMNS: dict[str, str] = {
    "titles": "title|article title|document title|ti|t1|primary title|study title|public title|publictitle|"
    "scientific title|scientifictitle|brief title|official title|item title|paper title|original title|"
    "translated title|display name|titel|titre|titulo|titolo",
    "authors": "authors|author|author s|author names|author name|au|author full names|af|a1|"
    "authors raw affiliation|"
    "author string|authorships author display name|authorships raw author name|"
    "authorship author display name|"
    "book authors|ba|group authors|ca|first author|contact|autoren|autor|auteurs|auteur|autores|autori",
    "years": "year|publication year|pub year|jahr|annee|ano|anno|erscheinungsjahr|"
    "published year|pubyear|py|year published|y1|publication year online|"
    "publication date|date of publication|date published|publicationdate|pub date|date|dp|da|pd|published|"
    "early access date|start date|first posted|date registration|date registration3|create date|entry date",
    "journals": "journal|journal book|source title|publication title|journal title|journal name|jt|so|"
    "secondary title|"
    "primary location source display name|zeitschrift|revue|revista|rivista|"
    "t2|jf|jo|source|publication|publication name|abbreviated source title|journal abbreviation|"
    "source register|"
    "source title anthology title|ta|ja|book title|conference name",
    "volumes": "volume|vl|vi|vol|journal volume|biblio volume|band",
    "issues": "issue|is|ip|number|iss|issue number|biblio issue|heft",
    "pages": "pages|page|pg|page info|seiten|pagination|page range|page numbers|start end page",
    "starts": "first page|biblio first page|page start|start page|starting page|beginning page|bp|sp|spage",
    "ends": "last page|biblio last page|page end|end page|ending page|ep|epage",
    "numbers": "art no|article number|ar|article no|eid number",
    "places": "volume pages|citation",
    "dois": "doi|ids doi|di|digital object identifier|doi number|book doi|doi link|d2",
    "pmids": "pmid|ids pmid|pubmed id|pubmedid|medline pmid|pm|pubmed|pubmed pmid|pubmed link|medline id",
    "pmcids": "pmcid|ids pmcid|pmc id|pmc|pubmed central id",
    "accessions": "accession number|an|accession|call number|central id|extra|notes|custom 1|custom1|key|id",
    "registrations": "registration|registrations|registration number|nct number|nct id|nctid|nct|"
    "trialid|trial id|"
    "trial registration|clinical trial numbers|clinical trial number|ctgov id|ictrp id|other ids|"
    "secondary ids|"
    "secondary id|main id|org study id|study identifier|trial registration number|supporting clinical trials",
    "abstracts": "abstract|abstract note|ab|brief summary|n2|abstract text|summary",
    "languages": "language|la|language of original document|article language|languages",
    "kinds": "document type|publication type|doctype|dt|item type|pt|pub type|m3|record type|report type|"
    "type|"
    "reference type|"
    "ref type|type of reference",
    "addresses": "url|urls|link|study url|full text link|embase link|plink|ur|web address|"
    "source linkout|url web|ut",
    "databases": "database|database name|db|source database|library catalog|data source|register",
}
FIELDS: dict[str, tuple[str, ...]] = {field: tuple(names.split("|")) for field, names in COLUMNS.items()}
FIELD_OF = {name: field for field, names in FIELDS.items() for name in names}
IDENTIFYING = ("titles", "dois", "pmids", "registrations")
# What says little on its own: tables of anything have such columns.
COMMON = {
    "id",
    "key",
    "type",
    "date",
    "number",
    "notes",
    "source",
    "link",
    "url",
    "extra",
    "register",
    "contact",
    "summary",
}


def name_of(header: str) -> str:
    """Return a header as it is looked up: lower case, letters and digits, one space between words."""
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", header.lower()) if sign.isascii())
    return " ".join(re.sub(r"[^a-z0-9]+", " ", plain).split())


def understood(headers: list[str]) -> list[str]:
    """Return those of some headers that are understood."""
    return [header for header in headers if name_of(header) in FIELD_OF]


def is_header(cells: list[str]) -> bool:
    """Return whether a row is the header of an export: it says which column identifies a record."""
    names = [name_of(cell) for cell in cells]
    known = [name for name in names if name in FIELD_OF]
    telling = [name for name in known if name not in COMMON]
    identifies = any(FIELD_OF[name] in IDENTIFYING for name in telling)
    alone = len([name for name in names if name]) == 1
    return identifies and (alone or len(known) >= 2) and len(set(known)) == len(known)


def by_field(headers: list[str]) -> dict[str, list[int]]:
    """Return the places of the columns of each field, the best first."""
    places: dict[str, list[tuple[int, int]]] = {}
    for place, header in enumerate(headers):
        field = FIELD_OF.get(name_of(header))
        if field:
            places.setdefault(field, []).append((FIELDS[field].index(name_of(header)), place))
    return {field: [place for _, place in sorted(found)] for field, found in places.items()}
