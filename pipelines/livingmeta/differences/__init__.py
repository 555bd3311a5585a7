"""What differs between two states of the evidence: rows, cells, methods, results."""

from livingmeta.differences.compare import Difference, compare
from livingmeta.differences.markdown import as_markdown
from livingmeta.differences.text import as_text

__all__ = ["Difference", "as_markdown", "as_text", "compare"]
