"""The columns of a use case: what a cell of each may hold."""

from __future__ import annotations

from dataclasses import dataclass

from ml.config.section import Section

COLUMN_TYPES = ("number", "integer", "category", "text")
# Python's csv module refuses a cell of more than 131,072 characters.
LONGEST_TEXT = 100_000


@dataclass(frozen=True)
class Column:
    name: str
    type: str
    minimum: float | None = None
    maximum: float | None = None
    values: tuple[str, ...] = ()
    maximum_missing_share: float = 0.0
    minimum_length: int = 0  # of a text, in characters, without the spaces around it
    maximum_length: int | None = None  # a text always has one
    description: str = ""

    @property
    def is_number(self) -> bool:
        return self.type in ("number", "integer")

    @property
    def is_category(self) -> bool:
        return self.type == "category"

    @property
    def is_text(self) -> bool:
        return self.type == "text"

    @property
    def expected(self) -> str:
        """What a cell of this column must hold, for error messages."""
        if self.is_text:
            return f"a text of {self.minimum_length} to {self.maximum_length} characters"
        if self.is_category:
            shown = ", ".join(self.values[:10]) + (", ..." if len(self.values) > 10 else "")
            return f"one of {shown}"
        what = "a whole number" if self.type == "integer" else "a number"
        if self.minimum is not None and self.maximum is not None:
            return f"{what} from {self.minimum:.12g} to {self.maximum:.12g}"
        if self.minimum is not None:
            return f"{what} of at least {self.minimum:.12g}"
        if self.maximum is not None:
            return f"{what} of at most {self.maximum:.12g}"
        return what


def read_columns(root: Section, problems: list[str]) -> tuple[Column, ...]:
    columns = tuple(_column(section) for section in root.sections("columns", minimum=2))
    names = [column.name for column in columns if column.name]
    for repeated in sorted({name for name in names if names.count(name) > 1}):
        problems.append(f"columns: {repeated!r} is listed {names.count(repeated)} times")
    return columns


def _column(section: Section) -> Column:
    name = section.text("name")
    column_type = section.choice("type", COLUMN_TYPES)
    description = section.text("description", default="")
    minimum = maximum = maximum_length = None
    minimum_length = 0
    values: tuple[str, ...] = ()
    if column_type == "category":
        values = section.texts("values", minimum=2)
    elif column_type == "text":
        minimum_length, maximum_length = _lengths(section)
    elif column_type == "":  # refused above; what else it may have is not known
        section.ignore("minimum", "maximum", "values", "minimum_length", "maximum_length")
    else:
        minimum = section.optional_number("minimum")
        maximum = section.optional_number("maximum")
        if minimum is not None and maximum is not None and minimum >= maximum:
            section.problem(f"minimum {minimum:.12g} must be below maximum {maximum:.12g}")
    share = section.number("maximum_missing_share", default=0.0, minimum=0.0, maximum=0.95)
    section.finish()
    return Column(
        name,
        column_type,
        minimum,
        maximum,
        values,
        share,
        minimum_length,
        maximum_length,
        description,
    )


def _lengths(section: Section) -> tuple[int, int]:
    shortest = section.integer("minimum_length", default=1, minimum=1, maximum=LONGEST_TEXT)
    longest = section.integer(
        "maximum_length", default=LONGEST_TEXT, minimum=1, maximum=LONGEST_TEXT
    )
    if shortest > longest:
        section.problem(f"minimum_length {shortest} must not be above maximum_length {longest}")
    return shortest, longest
