"""Links of the pages lead somewhere."""
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted(
    path for folder in ('.', 'docs', 'configs', 'projects')
    for path in (ROOT / folder).glob('*.md' if folder in ('.', 'docs')
                                     else '**/*.md'))
LINK = re.compile(r'\]\(([^)\s]+)\)')


def anchors_of(page):
    """Names that the headings of a page get on GitHub."""
    text = re.sub(r'```.*?```', '', page.read_text(), flags=re.DOTALL)
    headings = re.findall(r'^#+ (.*)$', text, flags=re.MULTILINE)
    return {
        re.sub(r'[^\w\- ]', '', heading.lower()).replace(' ', '-')
        for heading in headings
    }


@pytest.mark.parametrize('page', PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    for link in LINK.findall(page.read_text()):
        if re.match(r'[a-z]+:', link):
            continue
        file, _, anchor = link.partition('#')
        target = (page.parent / file).resolve() if file else page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors_of(target), link


def test_most_pages_link():
    links = [link for page in PAGES for link in LINK.findall(page.read_text())]
    assert len(PAGES) > 15 and len(links) > 100
