# Resources whose deletion loses data that no apply brings back.
package main

import rego.v1

import data.lib.plan

_kept := {
	"aws_codecommit_repository": "the source code in it",
	"aws_dynamodb_table": "its items",
	"aws_ecr_repository": "its images, which models name",
	"aws_kms_key": "everything that it encrypts",
	"aws_s3_bucket": "its objects: data, models, state",
	"aws_sagemaker_model_package_group": "the registered models",
}

_verb(actions) := "would be replaced" if {
	"delete" in actions
	"create" in actions
} else := "would be deleted" if {
	"delete" in actions
} else := "would be dropped from the state, so Terraform no longer knows it"

finding contains plan.finding("destroy", "allow-destroy", change.address, found, allowed) if {
	some change in plan.destroyed
	lost := _kept[change.type]
	found := concat("", [change.type, " ", _verb(change.change.actions), ", and with it ", lost])
	allowed := "create, update, or no change"
}
