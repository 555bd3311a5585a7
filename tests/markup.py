"""HTML whose tags close in order and whose ids are unique."""

from html.parser import HTMLParser

VOID = {"br", "img", "hr", "meta", "link", "input"}


class Balance(HTMLParser):
    """Every tag that opens closes, in order; ids are unique."""

    def __init__(self):
        super().__init__()
        self.open, self.ids = [], []

    def handle_starttag(self, tag, attrs):
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, f"</{tag}> closes nothing"


def balanced(markup):
    parser = Balance()
    parser.feed(str(markup))
    assert parser.open == []
    assert len(parser.ids) == len(set(parser.ids))
    return str(markup)
