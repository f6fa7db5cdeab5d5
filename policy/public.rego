# Access from outside of the account.
package main

import rego.v1

import data.lib.documents
import data.lib.plan

# A condition of this kind says which callers are meant by "*".
_narrowing_keys := {
	"aws:principalaccount", "aws:principalarn", "aws:principalorgid", "aws:principalorgpaths",
	"aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid", "aws:sourceowner", "aws:sourcevpc", "aws:sourcevpce",
	"kms:calleraccount", "lambda:functionurlauthtype", "s3:dataaccesspointaccount",
}

_narrowing_tests := {
	"stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike",
	"foranyvalue:stringequals", "foranyvalue:stringlike",
}

_narrowed(statement) if {
	some condition in statement.conditions
	lower(condition.test) in _narrowing_tests
	lower(condition.variable) in _narrowing_keys
	count(condition.values) > 0
	count({value | some value in condition.values} & {"*", "arn:*", "arn:aws:*"}) == 0
}

finding contains plan.finding("public-principal", "allow-public", statement.address, found, allowed) if {
	some statement in documents.allowing
	some principal in statement.principals
	principal in {"*", "arn:aws:iam::*:root"}
	not _narrowed(statement)
	found := concat("", [documents.name_of(statement), " allows ", documents.list(statement.actions), " to everybody"])
	allowed := "a named principal, or a condition on the caller such as aws:SourceAccount or aws:PrincipalOrgID"
}

finding contains plan.finding("public-principal", "allow-public", statement.address, found, allowed) if {
	some statement in documents.allowing
	statement.not_principals
	found := concat("", [documents.name_of(statement), " allows everybody but some principals"])
	allowed := "Principal with the principals that are meant"
}

finding contains plan.finding("public-principal", "allow-public", change.address, found, allowed) if {
	some change in plan.applied
	change.type == "aws_lambda_permission"
	change.change.after.principal == "*"
	narrowing := {argument |
		some argument in ["source_account", "source_arn", "principal_org_id"]
		_set(change, argument)
	}
	count(narrowing) == 0
	found := "the principal is * without source_account, source_arn or principal_org_id"
	allowed := "a service or an account as the principal, or one of the three arguments"
}

_set(change, argument) if plan.value(change, [argument]) != ""

_set(change, argument) if plan.unknown(change, [argument])

finding contains plan.finding("public-function-url", "allow-public", change.address, found, allowed) if {
	some change in plan.applied
	change.type == "aws_lambda_function_url"
	change.change.after.authorization_type == "NONE"
	found := "authorization_type is NONE: anybody may call the function"
	allowed := "AWS_IAM"
}

finding contains plan.finding("public-acl", "allow-public", change.address, found, allowed) if {
	some change in plan.applied
	change.type in {"aws_s3_bucket", "aws_s3_bucket_acl", "aws_s3_object"}
	acl := plan.value(change, ["acl"])
	acl in {"public-read", "public-read-write", "authenticated-read"}
	found := concat("", ["the ACL is ", acl])
	allowed := "private, or no ACL"
}

_blocks := {"aws_s3_bucket_public_access_block", "aws_s3_account_public_access_block"}

_switches := ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"]

finding contains plan.finding("public-access-block", "allow-public", change.address, found, allowed) if {
	some change in plan.applied
	change.type in _blocks
	some switch in _switches
	not plan.value(change, [switch]) == true
	not plan.unknown(change, [switch])
	found := concat("", [switch, " is ", plan.text(plan.value(change, [switch]))])
	allowed := "true for all four settings"
}

# Deleting the block together with its bucket leaves nothing to protect.
finding contains plan.finding("public-access-block", "allow-public", change.address, found, allowed) if {
	some change in plan.destroyed
	change.type in _blocks
	not "create" in change.change.actions
	not _bucket_goes_too(change)
	found := concat("", ["the block of public access of ", plan.value_before(change, "bucket"), " would be removed"])
	allowed := "a block of public access for every bucket"
}

_bucket_goes_too(change) if {
	some other in plan.destroyed
	other.type == "aws_s3_bucket"
	not "create" in other.change.actions
	other.change.before.bucket == change.change.before.bucket
}
