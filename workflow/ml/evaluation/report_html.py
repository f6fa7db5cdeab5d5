"""The report's HTML: its style, tables and figures. Every text is escaped here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

STYLE = """
body{font:15px/1.5 system-ui,sans-serif;color:#0f172a;max-width:1000px;margin:2rem auto;padding:0 1rem}
h1{margin-bottom:.2rem} h2{margin-top:2rem;border-bottom:1px solid #e2e8f0}
table{border-collapse:collapse} td,th{padding:.25rem .8rem .25rem 0;text-align:left;vertical-align:top}
tr+tr td{border-top:1px solid #f1f5f9} td{overflow-wrap:anywhere}
.facts td:first-child{white-space:nowrap}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
.verdict{padding:.5rem 1rem;margin:.5rem 0;border-left:.6rem solid;font-weight:600}
.passed{border-color:#15803d}.failed{border-color:#b91c1c}
.note{padding:.5rem 1rem;border-left:.6rem solid #d97706}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(400px,1fr));gap:1.5rem}
figure{margin:0} figcaption{color:#475569} svg{width:100%;height:auto}
details{margin-top:1rem} summary{cursor:pointer}
code,pre{font-size:13px;overflow-wrap:anywhere;white-space:pre-wrap}
@media print{body{margin:0;font-size:12px} .charts{grid-template-columns:1fr 1fr} h2{break-after:avoid}
figure,tr,.verdict{break-inside:avoid} details::details-content{content-visibility:visible}}
"""


def table(head: Sequence[str], rows: Iterable[Sequence[str]], numbers: bool = False) -> str:
    """`numbers`: all columns but the first are aligned to the right."""

    def cells(values: Sequence[str], tag: str) -> str:
        return "".join(
            f"<{tag}{' class=n' if numbers and position else ''}>{escape(str(value))}</{tag}>"
            for position, value in enumerate(values)
        )

    style = "" if any(head) else " class=facts"
    top = f"<tr>{cells(head, 'th')}</tr>" if any(head) else ""
    body = "".join(f"<tr>{cells(row, 'td')}</tr>" for row in rows)
    return f"<table{style}>{top}{body}</table>"


def figure(svg: str, caption: str) -> str:
    return f"<figure>{svg}<figcaption>{escape(caption)}</figcaption></figure>"


def verdict(passed: bool, text: str) -> str:
    """In words and with a mark, because not everybody sees colours and backgrounds are not printed."""
    mark, style = ("✓ Passed", "passed") if passed else ("✗ Not passed", "failed")
    return f'<p class="verdict {style}">{mark}: {escape(text)}</p>'


def listed(texts: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(text)}</li>' for text in texts)}</ul>"
