"""Rules that hold for every record."""

from ...plugins.violations import Rule, Severity

REQUIRED = Rule(code="REQUIRED", message="{field} is required; give it a value.")
NOT_FOUND = Rule(code="NOT_FOUND", message="There is no {what} with id {id}; it may have been deleted.")
NO_MATCH = Rule(
    code="NOT_FOUND",
    message="There is no {what} with this key, so none has version {expected}; it may be gone.",
)
NOT_AMONG = Rule(code="NOT_FOUND", message="The {what} with id {id} is not among the {name} of this record.")
NOT_UNIQUE = Rule(
    code="NOT_UNIQUE", message="Another {what} has the same {fields}: {id}. Change the value, or update that record."
)
TAKEN = Rule(code="NOT_UNIQUE", message="Another {what} that you may not see has the same {fields}. Change the value.")
FORBIDDEN = Rule(
    code="FORBIDDEN_FIELD",
    message="Whoever writes {fields} learns whether another record has the same value, and {why}. Leave it out.",
)
UNFITTING = Rule(
    code="CONTRADICTION", message="This does not go with what is stored in {fields}, which you may not read."
)
REPEATED = Rule(code="NOT_UNIQUE", message="The same input has another {what} with the same {fields}, at {other}.")
NAMED_TWICE = Rule(code="NAMED_TWICE", message="The record is already changed at {other}; name it once.")
ONE_OWNER = Rule(code="ONE_OWNER", message="Give exactly one of {fields}.")
STALE_VERSION = Rule(
    code="STALE_VERSION",
    message="The record has version {actual} and you expect {expected}: read it again and repeat your change.",
)
NOT_CONNECTED = Rule(
    code="NOT_CONNECTED",
    message="The record is not among the {name}, so nothing was taken away.",
    severity=Severity.WARNING,
)
BLANK = Rule(code="REQUIRED", message="{field} is blank; give it a value.")
GIVEN_TWICE = Rule(code="CONTRADICTION", message="The value is given at {other} as well; give it once.")
NOT_ALONE = Rule(
    code="CONTRADICTION", message="A record to {what} takes no other values here; leave them out, or leave {what} out."
)
NAMELESS = Rule(code="CONTRADICTION", message="Say by id which record to {what}.")
OWNED = Rule(
    code="CONTRADICTION", message="The record belongs to its owner alone: delete it instead of disconnecting it."
)
SEVERAL = Rule(
    code="AMBIGUOUS",
    message="The record is among the {name} several times; change {stated} at the link that you mean, by its own id.",
)
OTHER_KEY = Rule(
    code="CONTRADICTION", message="The record would be made with another {field} than it was looked for by, at {other}."
)
TANGLED = Rule(code="NOT_SETTLED", message="Too many inputs build on refused ones; mend those, and send this again.")
NOT_CHANGEABLE = Rule(code="NOT_CHANGEABLE", message="{field} is set when the record is created and can't be changed.")
NOT_DELETED = Rule(code="NOT_DELETED", message="The record is not deleted, so there is nothing to restore.")
