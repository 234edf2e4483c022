"""Is this report a page: every element closed in its order, no script, nothing from elsewhere? tune_page.py FILE"""
import html.parser
import sys


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attrs):
        assert tag not in ("script", "link", "iframe", "img", "object"), tag
        assert not any(k.startswith("on") or (v or "").startswith("http") for k, v in attrs), attrs
        if tag not in ("br", "meta"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, tag


page = Page()
with open(sys.argv[1], encoding="utf-8") as f:
    page.feed(f.read())
page.close()
assert not page.open, page.open
