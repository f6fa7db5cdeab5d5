output "approval_topic_arn" {
  description = "ARN of the topic that tells people about waiting approvals."
  value       = module.notification.approval_topic_arn
}

output "bucket_names" {
  description = "Names of the artifact, source and workflow bucket, by that word."
  value       = { for key, bucket in module.storage.buckets : key => bucket.name }
}

output "image_repository_url" {
  description = "Where to push our own job image; the manifest's ImageTag names the tag."
  value       = module.image_repository.url
}

output "kms_key_arn" {
  description = "ARN of the key that encrypts everything here."
  value       = module.encryption.key_arn
}

output "parameter_names" {
  description = "SSM parameters that scripts read, by short name."
  value       = module.parameters.names
}

output "pipeline_name" {
  description = "Name of the pipeline."
  value       = module.ml_pipeline.name
}

output "prebuilt_image_uri" {
  description = "SageMaker's scikit-learn image, used when the manifest's ImageTag is empty or prebuilt."
  value       = data.aws_sagemaker_prebuilt_ecr_image.this.registry_path
}

output "state_machine_arns" {
  description = "ARNs of the state machines training and inference, by that word."
  value       = module.ml_workflow.state_machine_arns
}
