"""Reading: a selection is compiled to one statement in which the database builds the JSON text of the answer."""
