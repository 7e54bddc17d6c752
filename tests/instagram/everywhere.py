"""Looking through the whole database: every column that can hold words, of every table."""

from tests.instagram.house import House

_COLUMNS = """
select c.table_name, c.column_name, c.udt_name from information_schema.columns c
join information_schema.tables t using (table_schema, table_name)
where c.table_schema = 'public' and t.table_type = 'BASE TABLE'
  and (c.udt_name in ('text', 'varchar', 'json', 'jsonb', 'bytea', '_text') or c.data_type = 'ARRAY')
order by 1, 2
"""


def tables(house: House) -> list[str]:
    """Every table."""
    rows = house.rows("select table_name from information_schema.tables where table_schema = 'public' order by 1")
    return [row["table_name"] for row in rows]


def holding(house: House, *words: str) -> list[str]:
    """Where any of these words stands: ``table.column: word``."""
    found = []
    for column in house.rows(_COLUMNS):
        table, name, kind = column["table_name"], column["column_name"], column["udt_name"]
        here = f"position(convert_to(w, 'UTF8') in {name})" if kind == "bytea" else f"position(w in {name}::text)"
        words_here = house.rows(
            f"select w from unnest($1::text[]) as w where exists (select from {table} where {here} > 0)", list(words)
        )
        found += [f"{table}.{name}: {row['w']}" for row in words_here]
    return found
