"""The rules of plain values (addresses, phones, e-mail, codes): pure functions, no database and no framework."""
