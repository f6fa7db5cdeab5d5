# The environment to try things in: cheap to keep, quick to remove.
build_stage              = "development"
force_destroy            = true
kms_deletion_window_days = 7
retention_days = {
  artifacts = 30
  logs      = 30
  versions  = 30
}
# Nobody depends on it: a new model replaces the old one at once.
rollout = {
  type                = "ALL_AT_ONCE"
  termination_seconds = 0
}
