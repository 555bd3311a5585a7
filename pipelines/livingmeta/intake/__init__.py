"""From the export of a search to records that await a decision."""
