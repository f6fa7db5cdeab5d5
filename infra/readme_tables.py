"""Write the tables of inputs and outputs in the README of infra/, of cicd/ and of each module.

python infra/readme_tables.py            writes the tables between the markers
python infra/readme_tables.py --check    lists the READMEs that are not up to date, and fails
"""

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import dataclass
from pathlib import Path

INFRA = Path(__file__).parent
ROOTS = (INFRA, INFRA.parent / "cicd")
BEGIN, END = "<!-- BEGIN TABLES -->", "<!-- END TABLES -->"
_BLOCK = re.compile(r'^(variable|output) "(\w+)" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """What a table shows of a variable or an output."""

    kind: str
    name: str
    description: str
    type: str
    default: str | None


def read_blocks(folder: Path) -> list[Block]:
    """Every variable and output of a module, sorted by name."""
    text = "\n".join(path.read_text() for path in sorted(folder.glob("*.tf")))
    blocks = []
    for kind, name, body in _BLOCK.findall(text):
        description = re.search(r'^  description = "(.*)"$', body, re.MULTILINE)
        if not description:
            raise SystemExit(f"{folder}: {kind} {name} has no description on one line")
        blocks.append(
            Block(
                kind,
                name,
                description[1].replace('\\"', '"'),
                re.sub(r"\s+", " ", _argument(body, "type") or ""),
                _argument(body, "default"),
            )
        )
    return sorted(blocks, key=lambda block: block.name)


def _argument(body: str, name: str) -> str | None:
    """The expression of an argument, up to its closing bracket when it spans several lines."""
    found = re.search(rf"^  {name} += (.*)$", body, re.MULTILINE)
    if not found:
        return None
    if found[1].endswith(("(", "{", "[", "({")):
        rest = body[found.start(1) :]
        return rest[: re.search(r"^  [\])}]+$", rest, re.MULTILINE).end()]  # type: ignore[union-attr]
    return found[1]


def tables(folder: Path) -> str:
    """The table of inputs and the table of outputs, in Markdown."""
    blocks = read_blocks(folder)
    lines = ["| input | description | type | default |", "| --- | --- | --- | --- |"]
    for block in (block for block in blocks if block.kind == "variable"):
        default = "required" if block.default is None else f"`{block.default}`"
        kind = block.type.replace("|", "\\|")
        lines.append(f"| `{block.name}` | {block.description} | `{kind}` | {default} |")
    lines += ["", "| output | description |", "| --- | --- |"]
    outputs = [block for block in blocks if block.kind == "output"]
    lines += [f"| `{block.name}` | {block.description} |" for block in outputs]
    return "\n".join(lines)


def with_tables(readme: str, folder: Path) -> str:
    """The README with regenerated tables."""
    if BEGIN not in readme or END not in readme:
        raise SystemExit(f"{folder}/README.md: the lines {BEGIN} and {END} must enclose the tables")
    head, rest = readme.split(BEGIN, 1)
    tail = rest.split(END, 1)[1]
    return f"{head}{BEGIN}\n{tables(folder)}\n{END}{tail}"


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--check", action="store_true", help="write nothing; fail if a table is out of date"
    )
    args = parser.parse_args(argv)
    stale = []
    modules = [sorted(path.parent for path in root.glob("modules/*/main.tf")) for root in ROOTS]
    for folder in [*ROOTS, *(module for found in modules for module in found)]:
        readme = folder / "README.md"
        old = readme.read_text()
        new = with_tables(old, folder)
        if new != old:
            stale.append(readme)
            if not args.check:
                readme.write_text(new)
    for readme in stale:
        sys.stdout.write(f"{readme}: {'not up to date' if args.check else 'tables written'}\n")
    if stale and args.check:
        sys.stderr.write("Run: python infra/readme_tables.py\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
