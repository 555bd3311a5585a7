"""Edits of the curated data as a curator asks for them: studies, corrections, withdrawals, questions.

Each is built as a `Draft`, the new text of every file it touches, from the tables as they are;
it is looked at first and written by `write` only while the tables are still the ones looked at.
"""

from livingmeta.curation.adding import added
from livingmeta.curation.correcting import corrected
from livingmeta.curation.drafts import Build, ChangedError, Draft, MissingError, RequestError, state, write
from livingmeta.curation.given import Given, given_by_file, given_by_flags
from livingmeta.curation.new_questions import new_question
from livingmeta.curation.withdrawing import Withdrawal, withdrawn

__all__ = [
    "Build",
    "ChangedError",
    "Draft",
    "Given",
    "MissingError",
    "RequestError",
    "Withdrawal",
    "added",
    "corrected",
    "given_by_file",
    "given_by_flags",
    "new_question",
    "state",
    "withdrawn",
    "write",
]
