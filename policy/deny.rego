# What a plan may never do without a label. Each of the other files adds findings; a finding whose label was
# given is allowed. docs/policy.md describes every rule.
#
#   terraform show -json tfplan > plan.json
#   conftest test --policy policy --data labels.json plan.json          labels.json: {"labels": ["..."]}
#   opa eval --data policy --data labels.json --input plan.json data.main.deny
package main

import rego.v1

import data.lib.plan

deny contains found if {
	some found in finding
	not plan.labelled(found.label)
}

# Findings that a label allows: they belong into the summary of the plan.
allowed contains found if {
	some found in finding
	plan.labelled(found.label)
}

# A label that allows nothing is a misspelt address, or was left from an earlier change.
warn contains concat("", ["the label ", label, " allows nothing in this plan"]) if {
	some label in plan.labels
	startswith(label, "allow-")
	used := {base64.encode(found.label) | some found in finding}
	not base64.encode(label) in used
}
