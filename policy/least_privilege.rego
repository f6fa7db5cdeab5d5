# Policies that allow more than they name.
package main

import rego.v1

import data.lib.actions
import data.lib.documents
import data.lib.plan

finding contains plan.finding("wildcard-action", "allow-wildcard", statement.address, found, allowed) if {
	some statement in documents.allowing
	wide := {action |
		some action in statement.actions
		contains(action, "*")
		not _of_the_key_itself(statement, action)
	}
	count(wide) > 0
	found := concat("", [documents.name_of(statement), " allows ", documents.list(wide)])
	allowed := "each action by its name"
}

finding contains plan.finding("wildcard-action", "allow-wildcard", statement.address, found, allowed) if {
	some statement in documents.allowing
	count(statement.not_actions) > 0
	found := concat("", [documents.name_of(statement), " allows every action but ", documents.list(statement.not_actions)])
	allowed := "Action with each action by its name"
}

# Without kms:* for the account nobody could manage the key; the account's IAM policies decide then:
# https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
_of_the_key_itself(statement, "kms:*") if {
	statement.of_resource
	count(statement.principals) > 0
	every principal in statement.principals {
		regex.match("^(arn:aws[a-z-]*:iam::)?[0-9]{12}(:root)?$", principal)
	}
}

# In the policy of a resource "*" means that resource, so only policies of identities are looked at.
finding contains plan.finding("wildcard-resource", "allow-wildcard", statement.address, found, allowed) if {
	some statement in documents.allowing
	not statement.of_resource
	some resource in statement.resources
	_every_resource(resource)
	narrower := {action |
		some action in statement.actions
		not actions.needs_every_resource(action)
	}
	count(narrower) > 0
	found := concat("", [documents.name_of(statement), " allows ", documents.list(narrower), " on ", resource])
	allowed := "the ARN of each resource: AWS has resources for these actions"
}

finding contains plan.finding("wildcard-resource", "allow-wildcard", statement.address, found, allowed) if {
	some statement in documents.allowing
	count(statement.not_resources) > 0
	found := concat("", [documents.name_of(statement), " allows every resource but ", documents.list(statement.not_resources)])
	allowed := "Resource with the ARN of each resource"
}

_every_resource(resource) if resource == "*"

_every_resource(resource) if regex.match("^arn:[^:]*:[^:]*:[^:]*:[^:]*:[*]+$", resource)
