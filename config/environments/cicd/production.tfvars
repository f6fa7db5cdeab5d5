# The pipeline of production. A merge of staging into main promotes what staging has shown.
#   notification_emails = { approval = ["..."], alarm = ["..."] }
branch      = "main"
build_stage = "production"
retention_days = {
  artifacts = 90
  logs      = 365
}
# The pipeline of development has created the CodeCommit repository, where that is used.
create_repository = false
