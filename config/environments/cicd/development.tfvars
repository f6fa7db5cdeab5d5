# The pipeline of the environment to try things in.
branch                   = "development"
build_stage              = "development"
kms_deletion_window_days = 7
retention_days = {
  artifacts = 30
  logs      = 30
}
