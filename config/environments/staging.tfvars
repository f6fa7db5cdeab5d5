# Rehearses production: the same protection, shorter memory.
build_stage              = "staging"
force_destroy            = false
kms_deletion_window_days = 30
retention_days = {
  artifacts = 60
  logs      = 180
  versions  = 60
}
# As in production, with shorter waits.
rollout = {
  type                = "LINEAR"
  step_percent        = 50
  wait_seconds        = 120
  termination_seconds = 120
}
