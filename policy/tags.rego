# Tags by which cost and ownership are found.
package main

import rego.v1

import data.lib.plan

_required := ["ManagedBy", "Service", "Stage"]

finding contains plan.finding("tags", "allow-untagged", change.address, found, allowed) if {
	some change in plan.applied
	tags := change.change.after.tags_all
	not plan.unknown(change, ["tags_all"])
	missing := [tag |
		some tag in _required
		plan.value(change, ["tags_all", tag]) == ""
		not plan.unknown(change, ["tags_all", tag])
	]
	count(missing) > 0
	found := concat("", ["tags_all has ", _names(tags), " and lacks ", concat(", ", missing)])
	allowed := "every resource has ManagedBy, Service and Stage (the provider's default_tags set them)"
}

_names(tags) := concat(", ", sort(object.keys(tags))) if count(tags) > 0

_names(tags) := "nothing" if not count(tags) > 0
