# The pipeline of staging. A merge of development into staging promotes what development has shown.
branch      = "staging"
build_stage = "staging"
retention_days = {
  artifacts = 60
  logs      = 180
}
# The pipeline of development has created the CodeCommit repository, where that is used.
create_repository = false
