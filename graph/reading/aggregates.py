"""Figures over all rows that a filter matches: count, minimum, maximum, sum and average, exact on both databases."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ..catalogue import Column, Kind
from .dialects import amount, scaled
from .scope import Compilation, Table
from .selection import Aggregates, Constant, ExtensionFigures, Statistics, TotalCount
from .text import Pieces, Sql, concatenated, separated

AVERAGE_PLACES = 4  # places of an average beyond those of the column


def aggregate_pieces(
    compilation: Compilation, aggregates: Aggregates, source: str, conditions: str, rows: Table
) -> Pieces:
    """The JSON object of the figures, from one pass over the rows and one more for each amount of money."""
    tables = {"": rows}
    for part in aggregates.parts:
        if isinstance(part, ExtensionFigures) and part.extension.name not in tables:
            beside = tables[part.extension.name] = Table(record=part.extension, alias=compilation.alias())
            source += f" left join {beside.record.table} {beside.alias} on {beside.key} = {rows.key}"
    over = _Over(compilation=compilation, source=source, conditions=conditions, tables=tables)
    text = concatenated(["{", *separated(_part(over, part, rows) for part in aggregates.parts), "}"])
    if not any(map(_is_figure, _flat(aggregates.parts))):
        return [Sql(text)]
    return [Sql(f"(select {text} from {source} where {conditions})")]


@dataclass(frozen=True, kw_only=True)
class _Over:
    """What the figures are over: rows, with their extensions beside them in `tables` by name."""

    compilation: Compilation
    source: str
    conditions: str
    tables: Mapping[str, Table]


Part = TotalCount | Statistics | ExtensionFigures | Constant


def _part(over: _Over, part: Part, rows: Table) -> Pieces:
    name = f'"{part.key}":'
    match part:
        case Constant():
            return [f'{name}"{part.text}"']
        case TotalCount():
            return [name, Sql("cast(count(*) as text)")]
        case ExtensionFigures():
            beside = over.tables[part.extension.name]
            return [name, "{", *separated(_part(over, one, beside) for one in part.parts), "}"]
        case Statistics() if part.column.kind is Kind.MONEY:
            return [name, _money(over.compilation, part, over.source, over.conditions, rows)]
        case Statistics():
            facts = [[f'"{key}":', _figure(over.compilation, fact, part.column, rows)] for key, fact in part.facts]
            return [name, "{", *separated(facts), "}"]


def reads_rows(aggregates: Aggregates) -> bool:
    """Whether any figure is asked for, and not just names of types."""
    return any(_is_figure(part) or _is_money(part) for part in _flat(aggregates.parts))


def _flat(parts: Iterable[Part]) -> Iterator[Part]:
    """The parts, those of extensions among them."""
    for part in parts:
        if isinstance(part, ExtensionFigures):
            yield from part.parts
        else:
            yield part


def _is_money(part: object) -> bool:
    return isinstance(part, Statistics) and part.column.kind is Kind.MONEY


def _is_figure(part: object) -> bool:
    """Whether a part has an aggregate function in the pass over the rows; without any, that would not be one row."""
    if isinstance(part, Statistics) and not _is_money(part):
        return any(not fact.startswith("=") for _, fact in part.facts)
    return isinstance(part, TotalCount)


def _figure(compilation: Compilation, fact: str, column: Column, rows: Table) -> Sql:
    expression = rows.column(column.name)
    if fact.startswith("="):
        return Sql(f"'\"{fact[1:]}\"'")
    match fact:
        case "min" | "max":
            return Sql(f"coalesce({compilation.dialect.json(f'{fact}({expression})', column)},'null')")
        case "sum":
            # a sum may outgrow the 32 bits of Int, so it is a decimal number in text
            return Sql(f"coalesce('\"'||{scaled(f'cast(sum({expression}) as bigint)', column.places)}||'\"','null')")
        case "average":
            return Sql(f"coalesce('\"'||{_average(compilation, expression, column.places)}||'\"','null')")
        case _:
            raise ValueError(fact)


def _average(compilation: Compilation, expression: str, places: int) -> str:
    """The average in text, rounded half away from zero; whole part and rest apart, so that nothing overflows."""
    divided = compilation.dialect.divided
    total, count = f"abs(sum({expression}))", f"count({expression})"
    unit = 10**AVERAGE_PLACES
    rest = divided(f"({total}%{count})*{2 * unit}+{count}", f"2*{count}")
    steps = f"({divided(total, count)}*{unit}+{rest})"
    sign = f"case when sum({expression})<0 and {steps}>0 then '-' else '' end"
    return f"{sign}||{scaled(steps, places + AVERAGE_PLACES)}"


def _money(compilation: Compilation, part: Statistics, source: str, conditions: str, rows: Table) -> Sql:
    """Figures for each currency apart, in the order of their codes: sums across currencies mean nothing."""
    value, currency = rows.column(part.column.name), rows.column(str(part.column.currency))
    alias = compilation.alias()
    text = concatenated(["{", *separated(_money_fact(key, fact, alias) for key, fact in part.facts), "}"])
    inner = (
        f"select {currency} as currency,count(*) as number,min({value}) as low,max({value}) as high,"
        f"cast(sum({value}) as bigint) as total from {source} "
        f"where {conditions} and {currency} is not null group by {currency} order by {currency}"
    )
    joined = compilation.dialect.joined(text, f"{alias}.currency", None)
    return Sql(f"(select '['||coalesce({joined},'')||']' from ({inner}) {alias})")


def _money_fact(key: str, fact: str, alias: str) -> Pieces:
    name, currency = f'"{key}":', f"{alias}.currency"
    if fact.startswith("="):
        return [f'{name}"{fact[1:]}"']
    match fact:
        case "currency":
            return [f'{name}"', Sql(currency), '"']
        case "count":
            return [name, Sql(f"cast({alias}.number as text)")]
        case "average":
            sign = f"case when {alias}.total<0 then -1 else 1 end"
            halves = f"((2*abs({alias}.total)+{alias}.number)/(2*{alias}.number))"  # whole numbers on both databases
            return [f'{name}"', Sql(amount(f"({sign}*({halves}))", currency)), '"']
        case _:
            column = {"min": "low", "max": "high", "sum": "total"}[fact]
            return [f'{name}"', Sql(amount(f"{alias}.{column}", currency)), '"']
