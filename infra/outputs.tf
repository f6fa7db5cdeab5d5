output "app_dns_name" {
  description = "Name of the load balancer of the sentiment app; null where there is none."
  value       = one(module.app[*].load_balancer_dns_name)
}

output "approval_topic_arn" {
  description = "ARN of the SNS topic that announces waiting approvals."
  value       = module.notification.approval_topic_arn
}

output "bucket_names" {
  description = "Bucket names, keyed by artifact, source and workflow."
  value       = { for key, bucket in module.storage.buckets : key => bucket.name }
}

output "image_repository_url" {
  description = "URI of the repository to push our own job image to; the manifest's ImageTag names the tag."
  value       = module.image_repository.url
}

output "inference_api_execution_arn" {
  description = "ARN to which a policy adds /{stage}/{method}/{path} to allow execute-api:Invoke; null where the API is not enabled."
  value       = one(module.inference_api[*].execution_arn)
}

output "inference_api_url" {
  description = "URL of the inference API; null where it is not enabled."
  value       = one(module.inference_api[*].url)
}

output "kms_key_arn" {
  description = "ARN of the KMS key that encrypts everything in this deployment."
  value       = module.encryption.key_arn
}

output "parameter_names" {
  description = "Full names of the SSM parameters, keyed by short name."
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
  description = "State machine ARNs, keyed by deploy, inference and training."
  value       = module.ml_workflow.state_machine_arns
}
