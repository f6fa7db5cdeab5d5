# Serves users. Add the teams that approve models and answer alarms, and the bucket for access logs:
#   notification_emails = { approval = ["..."], alarm = ["..."] }
#   access_log_bucket   = "..."
build_stage              = "production"
force_destroy            = false
kms_deletion_window_days = 30
retention_days = {
  artifacts = 90
  logs      = 365
  versions  = 365
}
# A fifth of the instances every five minutes; an endpoint with one instance moves all at once.
rollout = {
  type                = "LINEAR"
  step_percent        = 20
  wait_seconds        = 300
  termination_seconds = 300
}
