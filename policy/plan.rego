# What the rules read of Terraform's plan (`terraform show -json`), and the labels that allow a finding.
#
# Strings are compared by their base64: regopy 1.5 compares a string that holds quotation marks (an address
# such as bucket.this["source"]) with its escaped form, and finds no two of them equal. Messages are built
# with concat for the same reason. OPA and conftest give the same results either way.
package lib.plan

import rego.v1

# What Terraform will create or change. A replacement is both created and destroyed.
applied := [change |
	some change in input.resource_changes
	change.mode == "managed"
	count({action | some action in change.change.actions} & {"create", "update"}) > 0
]

# What will no longer exist, or no longer be in Terraform's state ("forget").
destroyed := [change |
	some change in input.resource_changes
	change.mode == "managed"
	count({action | some action in change.change.actions} & {"delete", "forget"}) > 0
]

# A finding as conftest shows it: msg is the text, the rest are its details.
finding(id, word, address, found, allowed) := {
	"id": id,
	"address": address,
	"label": label,
	"msg": concat("", [
		id, ": ", address, ": ", found, ". Allowed: ", allowed,
		". If this is meant, the label ", label, " allows it once",
	]),
} if {
	label := concat(":", [word, address])
}

# From `--data`, or in the plan's document: regopy 1.5 does not unescape the strings of data.
labels contains label if some label in data.labels

labels contains label if some label in input.labels

_encoded contains base64.encode(label) if some label in labels

labelled(label) if base64.encode(label) in _encoded

# The value at a path of the planned resource; "" where it is missing or null.
value(change, path) := found if {
	found := at(change.change.after, path)
	found != null
} else := ""

# Whether the value is known only when the plan is applied.
unknown(change, path) if at(change.change.after_unknown, path) == true

# What is at a path; undefined where a step is missing. object.get of regopy 1.5 finds something in an empty list.
at(document, path) := document[path[0]] if count(path) == 1

at(document, path) := document[path[0]][path[1]] if count(path) == 2

at(document, path) := document[path[0]][path[1]][path[2]] if count(path) == 3

at(document, path) := document[path[0]][path[1]][path[2]][path[3]] if count(path) == 4

at(document, path) := document[path[0]][path[1]][path[2]][path[3]][path[4]] if count(path) == 5

text(found) := found if is_string(found)

text(found) := json.marshal(found) if not is_string(found)

as_list(found) := found if is_array(found)

as_list(found) := [found] if {
	not is_array(found)
	found != null
}

as_list(null) := []

# An argument of the resource as it is now, as text.
value_before(change, name) := text(found) if {
	found := at(change.change.before, [name])
	found != null
} else := ""
