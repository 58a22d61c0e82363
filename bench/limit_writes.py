"""The statements of the limit's writes: what storing the same rows takes at least."""

from collections.abc import Mapping
from typing import Any

from accord.bench.databases import STAMPED
from accord.graph.catalogue import Catalogue
from accord.graph.reading.rows import stored
from accord.graph.storing import DatabaseKind
from accord.graph.writing.filling import blank

UPDATE: Mapping[DatabaseKind, str] = {
    "postgresql": "update account set employee_count=$2, version=version+1, updated_at=now() where id=$1 returning "
    "json_build_object('id','acc_'||id,'name',name,'version',version,'employeeCount',employee_count)::text",
    "sqlite": "update account set employee_count=?2, version=version+1, updated_at=strftime('%Y-%m-%dT%H:%M:%fZ') "
    "where id=?1 returning json_object('id','acc_'||id,'name',name,'version',version,'employeeCount',employee_count)",
}


def creating(catalogue: Catalogue, database: DatabaseKind) -> list[str]:
    """The inserts of an account with two contacts and two addresses.

    Parameter 1 is the account's name, 2 to 10 are the ids of the account, the contacts, their relationships, the
    addresses and their links.
    """
    is_sqlite = database == "sqlite"
    id_ = [f"?{number}" if is_sqlite else f"${number}::uuid" for number in range(11)]
    name = "?1" if is_sqlite else "$1::text"

    def insert(record_name: str, *rows: dict[str, str]) -> str:
        record = catalogue[record_name]
        columns = record.table_columns
        usual = dict(zip(columns, stored(record, columns, blank(record) | STAMPED, database), strict=True))
        values = {column: _literal(value) for column, value in usual.items() if value is not None}
        given = ",".join(f"({','.join((values | row).values())})" for row in rows)
        return f"insert into {record.table} ({','.join(values | rows[0])}) values {given}"

    def contact(key: str, given: str, family: str) -> dict[str, str]:
        texts = {
            "name": f"{given} {family}",
            "sort_name": f"{family}, {given}",
            "given_name": given,
            "family_name": family,
            "title": "Buyer",
        }
        folded = {f"{column}_folded": text.lower() for column, text in texts.items() if column != "name"}
        return {"id": key} | {column: _literal(text) for column, text in (texts | folded).items()}

    def address(key: str, town: str, code: str) -> dict[str, str]:
        texts = {"city": town, "postal_code": code, "country_name": "Germany"}
        folded = {f"{column}_folded": text.lower() for column, text in texts.items()}
        others = {"street_lines": '["Gasse 7"]', "country_code": "DE"}
        return {"id": key} | {column: _literal(text) for column, text in (texts | folded | others).items()}

    def linked(key: str, **given: str) -> dict[str, str]:
        return {"id": key, "account_id": id_[2], **given}

    account = {"id": id_[2], "name": name, "name_folded": f"lower({name})", "kind": "'BUSINESS'", "industry": "'Food'"}
    return [
        insert("Account", account | {"industry_folded": "'food'"}),
        insert("Contact", contact(id_[3], "Mina", "Keller"), contact(id_[4], "Edith", "Eriksen")),
        insert("AccountContact", linked(id_[5], contact_id=id_[3]), linked(id_[6], contact_id=id_[4])),
        insert("Address", address(id_[7], "Aachen", "52062"), address(id_[8], "Celle", "29221")),
        insert(
            "AddressLink",
            linked(id_[9], address_id=id_[7], kind="'BILLING'"),
            linked(id_[10], address_id=id_[8], kind="'SHIPPING'"),
        ),
    ]


def _literal(value: Any) -> str:
    return "'" + str(value).replace("'", "''") + "'"
