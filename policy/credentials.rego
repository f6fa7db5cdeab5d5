# Credentials that do not expire. People and pipelines take roles instead (SSO, OIDC).
package main

import rego.v1

import data.lib.plan

_long_lived := {
	"aws_iam_access_key": "an access key does not expire",
	"aws_iam_service_specific_credential": "the password for a service does not expire",
	"aws_iam_user": "a user signs in with credentials that do not expire",
	"aws_iam_user_login_profile": "a password of a user does not expire by itself",
	"aws_iam_user_ssh_key": "an SSH key of a user does not expire",
}

finding contains plan.finding("long-lived-credentials", "allow-credentials", change.address, found, allowed) if {
	some change in plan.applied
	reason := _long_lived[change.type]
	found := concat("", [change.type, ": ", reason])
	allowed := "a role, taken through SSO, OIDC or a service"
}
