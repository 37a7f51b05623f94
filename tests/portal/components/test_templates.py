"""What holds for every template: it compiles, and nothing in it needs a weaker content security policy."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import get_template

FOLDER = Path(settings.BASE_DIR) / "templates"
TEMPLATES = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.html"))


@pytest.mark.parametrize("name", TEMPLATES)
def test_it_compiles(name: str) -> None:
    get_template(name)


@pytest.mark.parametrize("name", TEMPLATES)
def test_it_holds_no_inline_style_script_or_handler(name: str) -> None:
    text = (FOLDER / name).read_text()
    assert not re.search(r"\sstyle=", text)
    assert "<style" not in text
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)
    assert not re.search(r"\son[a-z]+=", text)


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_one_line_comment_is_one_line(name: str) -> None:
    """Django prints {# … #} that spans lines."""
    for line in (FOLDER / name).read_text().splitlines():
        assert ("{#" in line) == ("#}" in line)
