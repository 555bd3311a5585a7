"""Words of the tables that several modules know; tests hold them to what the schema allows."""

# Names that people give: words and numbers in lower case, joined by hyphens.
NAME_FORM = r"[a-z0-9]+(-[a-z0-9]+)*"
# Decisions on a record of a search.
PENDING, AWAITING, NOT_RETRIEVED = "pending", "awaiting_full_text", "not_retrieved"
INCLUDED, EXCLUDED, DUPLICATE, ERRATUM = "included", "excluded", "duplicate", "erratum"
UNSETTLED = (PENDING, AWAITING, NOT_RETRIEVED)
DECISIONS = (*UNSETTLED, INCLUDED, EXCLUDED, DUPLICATE, ERRATUM)
# How much of a record somebody had seen who decided, and what a record has that nobody has seen.
TITLE, ABSTRACT, FULL_TEXT = "title", "abstract", "full_text"
STAGES = (TITLE, ABSTRACT, FULL_TEXT, "registry", "listing")
NOT_SEEN = "not_seen"
# What a record has to do with another row, as `links` says it; that of a duplicate is called as the decision.
POSSIBLE, SECOND_REPORT = "possible_duplicate", "second_report"
ERRATUM_OF, RETRACTION_OF, CONCERN_OF = "erratum", "retraction", "concern"
COMMENT_ON, PROTOCOL_OF, PREPRINT_OF = "comment", "protocol", "preprint"
COMPANIONS = (ERRATUM_OF, RETRACTION_OF, CONCERN_OF, COMMENT_ON, PROTOCOL_OF, PREPRINT_OF)
RELATIONS = (DUPLICATE, POSSIBLE, SECOND_REPORT, *COMPANIONS)
# Kinds of looks.
SYSTEMATIC, EXPORT, SURVEILLANCE = "systematic", "export", "surveillance"
# What became of a report after it was published.
RETRACTED, CONCERN = "retracted", "expression of concern"
NOT_CHECKED, NOT_RETRACTED = "not checked", "not retracted"
STATUSES = (NOT_CHECKED, NOT_RETRACTED, CONCERN, RETRACTED)
# Part of a result that is shown and never pooled.
SHOWN = "display"
