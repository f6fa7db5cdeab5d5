# Storage, logs and messages that are not encrypted by a key of the account.
package main

import rego.v1

import data.lib.plan

# The argument that names the key.
_key_of := {
	"aws_cloudwatch_log_group": ["kms_key_id"],
	"aws_codebuild_project": ["encryption_key"],
	"aws_codebuild_report_group": ["export_config", 0, "s3_destination", 0, "encryption_key"],
	"aws_codecommit_repository": ["kms_key_id"],
	"aws_codepipeline": ["artifact_store", 0, "encryption_key", 0, "id"],
	"aws_dynamodb_table": ["server_side_encryption", 0, "kms_key_arn"],
	"aws_ebs_volume": ["kms_key_id"],
	"aws_ecr_repository": ["encryption_configuration", 0, "kms_key"],
	"aws_efs_file_system": ["kms_key_id"],
	"aws_lambda_function": ["kms_key_arn"],
	"aws_sagemaker_endpoint_configuration": ["kms_key_arn"],
	"aws_sagemaker_notebook_instance": ["kms_key_id"],
	"aws_secretsmanager_secret": ["kms_key_id"],
	"aws_sns_topic": ["kms_master_key_id"],
	"aws_sqs_queue": ["kms_master_key_id"],
}

finding contains plan.finding("encryption", "allow-unencrypted", change.address, found, allowed) if {
	some change in plan.applied
	path := _key_of[change.type]
	plan.value(change, path) == ""
	not _unknown(change, path)
	_applies(change)
	found := concat("", [_words(path), " names no KMS key", _before(change, path)])
	allowed := "the ARN of a KMS key of the account"
}

# A report group may keep its reports in CodeBuild; a function without variables has nothing to encrypt.
_applies(change) if not change.type in {"aws_codebuild_report_group", "aws_lambda_function"}

_applies(change) if {
	change.type == "aws_codebuild_report_group"
	plan.value(change, ["export_config", 0, "type"]) == "S3"
}

_applies(change) if {
	change.type == "aws_lambda_function"
	count(plan.as_list(plan.value(change, ["environment", 0, "variables"]))) > 0
	plan.value(change, ["environment", 0, "variables"]) != ""
}

# A block of which Terraform knows nothing yet is true itself.
_unknown(change, path) if plan.unknown(change, path)

_unknown(change, path) if {
	some length in numbers.range(1, count(path))
	plan.unknown(change, array.slice(path, 0, length))
}

_words(path) := concat(".", [part | some part in path; is_string(part)])

_before(change, path) := concat("", [" (now: ", found, ")"]) if {
	found := plan.at(change.change.before, path)
	is_string(found)
	found != ""
} else := ""

_bucket_encryption := "aws_s3_bucket_server_side_encryption_configuration"

finding contains plan.finding("encryption", "allow-unencrypted", change.address, found, allowed) if {
	some change in plan.applied
	change.type == _bucket_encryption
	some rule in change.change.after.rule
	some by_default in rule.apply_server_side_encryption_by_default
	not by_default.sse_algorithm in {"aws:kms", "aws:kms:dsse"}
	found := concat("", ["sse_algorithm is ", plan.text(by_default.sse_algorithm), ": a key of AWS, not of the account"])
	allowed := "aws:kms or aws:kms:dsse"
}

finding contains plan.finding("encryption", "allow-unencrypted", change.address, found, allowed) if {
	some change in plan.destroyed
	change.type == _bucket_encryption
	not "create" in change.change.actions
	not _bucket_goes_too(change)
	found := concat("", ["the encryption of ", plan.value_before(change, "bucket"), " would be removed"])
	allowed := "an encryption configuration for every bucket"
}
