"""Words and tables of the pages, as HTML."""
