# The statements of IAM policies in a plan, in one form: from the JSON of resources, and from data sources
# that Terraform reads during the apply (because a value in them is not known before).
package lib.documents

import rego.v1

import data.lib.plan

# Arguments of AWS resources that hold a policy.
_arguments := {"access_policy", "assume_role_policy", "policy", "policy_document", "resource_policy"}

_documents contains {"address": change.address, "type": change.type, "document": parsed(found)} if {
	some change in plan.applied
	some argument in _arguments
	found := change.change.after[argument]
}

_documents contains {"address": change.address, "type": change.type, "document": parsed(block.policy)} if {
	some change in plan.applied
	some block in plan.as_list(object.get(change.change.after, ["inline_policy"], []))
}

# landing_zone parses the JSON before it asks regopy, whose json.unmarshal (1.5) fails on \" in a string.
parsed(found) := found if is_object(found)

parsed(found) := json.unmarshal(found) if {
	is_string(found)
	json.is_valid(found)
}

_raw contains {"address": document.address, "type": document.type, "index": index, "fields": fields} if {
	some document in _documents
	# AWS reads the names of the elements without their case.
	some key, statements in document.document
	lower(key) == "statement"
	some index, statement in plan.as_list(statements)
	fields := {lower(name): content | some name, content in statement}
}

allowing contains {
	"address": raw.address,
	"type": raw.type,
	"name": object.get(raw.fields, ["sid"], concat(" ", ["number", format_int(raw.index + 1, 10)])),
	"actions": _texts(object.get(raw.fields, ["action"], [])),
	"not_actions": _texts(object.get(raw.fields, ["notaction"], [])),
	"resources": _texts(object.get(raw.fields, ["resource"], [])),
	"not_resources": _texts(object.get(raw.fields, ["notresource"], [])),
	"principals": _principals(object.get(raw.fields, ["principal"], [])),
	"not_principals": "notprincipal" in object.keys(raw.fields),
	"of_resource": _of_resource(raw.fields),
	"conditions": _conditions(object.get(raw.fields, ["condition"], {})),
} if {
	some raw in _raw
	raw.fields.effect == "Allow"
}

allowing contains {
	"address": change.address,
	"type": change.type,
	"name": _sid(statement, index),
	"actions": _texts(object.get(statement, ["actions"], [])),
	"not_actions": _texts(object.get(statement, ["not_actions"], [])),
	"resources": _texts(object.get(statement, ["resources"], [])),
	"not_resources": _texts(object.get(statement, ["not_resources"], [])),
	"principals": _identifiers(plan.as_list(object.get(statement, ["principals"], []))),
	"not_principals": count(plan.as_list(object.get(statement, ["not_principals"], []))) > 0,
	"of_resource": count(plan.as_list(object.get(statement, ["principals"], []))) > 0,
	"conditions": _tests(plan.as_list(object.get(statement, ["condition"], []))),
} if {
	some change in input.resource_changes
	change.mode == "data"
	change.type == "aws_iam_policy_document"
	"read" in change.change.actions
	some index, statement in plan.as_list(object.get(change.change.after, ["statement"], []))
	not statement.effect in {"Deny"}
}

_conditions(found) := [condition |
	values := found[test][variable]
	condition := {"test": test, "variable": variable, "values": _texts(values)}
]

_tests(blocks) := [condition |
	some block in blocks
	condition := {"test": block.test, "variable": block.variable, "values": _texts(block.values)}
]

_identifiers(blocks) := [who |
	some block in blocks
	some who in _texts(block.identifiers)
]

# A policy of a resource names principals; the policy of a role or a user does not.
_of_resource(fields) if "principal" in object.keys(fields)

_of_resource(fields) if "notprincipal" in object.keys(fields)

_of_resource(fields) := false if {
	not "principal" in object.keys(fields)
	not "notprincipal" in object.keys(fields)
}

_sid(statement, index) := statement.sid if {
	is_string(statement.sid)
	statement.sid != ""
} else := concat(" ", ["number", format_int(index + 1, 10)])

# A value that is not known yet is null and left out: the rules see it in the plan after the apply.
_texts(found) := [item |
	some item in plan.as_list(found)
	is_string(item)
]

_principals(found) := [found] if is_string(found)

_principals(found) := [who |
	some names in found
	some who in _texts(names)
] if {
	is_object(found)
}

_principals(found) := [] if is_array(found)

name_of(statement) := concat(" ", ["statement", statement.name])

list(items) := concat(", ", sort(items)) if count(items) <= 5

list(items) := concat("", [concat(", ", array.slice(sort(items), 0, 5)), " and ", format_int(count(items) - 5, 10), " more"]) if {
	count(items) > 5
}
