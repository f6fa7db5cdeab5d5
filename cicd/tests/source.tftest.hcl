mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  account           = { id = "123456789012", partition = "aws", region = "eu-west-1" }
  branch            = "development"
  connection_arn    = null
  create_repository = true
  kms_key_arn       = "arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000000"
  prefix            = "ml-core-development-cicd"
  provider_name     = "connection"
  provider_type     = "GitHub"
  repository        = "owner/landing-zone"
}

run "connection" {
  command = apply

  module {
    source = "./modules/source"
  }

  assert {
    condition     = aws_codeconnections_connection.this[0].name == "ml-core-development-cicd" && length(aws_codecommit_repository.this) == 0
    error_message = "A connection is created, and no repository."
  }

  assert {
    condition     = output.action.provider == "CodeStarSourceConnection" && output.action.triggers && output.action.configuration.FullRepositoryId == "owner/landing-zone"
    error_message = "The source action reads the repository behind the connection, with Git triggers."
  }

  assert {
    condition     = output.action.permissions.resources == [aws_codeconnections_connection.this[0].arn]
    error_message = "Only this connection may be used."
  }

  assert {
    condition     = output.clone.source.type == "GITHUB" && output.clone.source.location == "https://github.com/owner/landing-zone.git" && output.clone.source.connection_arn == output.connection_arn
    error_message = "A build outside of the pipeline clones through the same connection."
  }
}

run "existing_connection" {
  command = apply

  module {
    source = "./modules/source"
  }

  variables {
    connection_arn = "arn:aws:codeconnections:eu-west-1:123456789012:connection/00000000-0000-0000-0000-000000000000"
  }

  assert {
    condition     = length(aws_codeconnections_connection.this) == 0 && output.connection_arn == var.connection_arn
    error_message = "An existing connection is used as it is."
  }
}

run "codecommit" {
  command = apply

  module {
    source = "./modules/source"
  }

  variables {
    provider_name = "codecommit"
    repository    = "landing-zone"
  }

  assert {
    condition     = output.action.provider == "CodeCommit" && !output.action.triggers && output.action.configuration.PollForSourceChanges == "false"
    error_message = "CodeCommit has no Git triggers: an event starts the pipeline, without polling."
  }

  assert {
    condition     = aws_codecommit_repository.this[0].kms_key_id == var.kms_key_arn && output.connection_arn == null
    error_message = "The repository is encrypted with our key, and there is no connection."
  }

  assert {
    condition     = output.clone.source.location == "https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/landing-zone" && one(output.clone.permissions.actions) == "codecommit:GitPull"
    error_message = "A build outside of the pipeline clones from CodeCommit."
  }
}

run "codecommit_of_another_environment" {
  command = apply

  module {
    source = "./modules/source"
  }

  variables {
    create_repository = false
    provider_name     = "codecommit"
    repository        = "landing-zone"
  }

  assert {
    condition     = length(aws_codecommit_repository.this) == 0 && output.action.configuration.RepositoryName == "landing-zone"
    error_message = "The repository that another environment has created is used."
  }
}

run "rejects_wrong_values" {
  command = plan

  module {
    source = "./modules/source"
  }

  variables {
    account        = { id = "12", partition = "aws", region = "eu-west-1" }
    connection_arn = "my-connection"
    kms_key_arn    = "alias/key"
    provider_name  = "github"
    provider_type  = "Gitea"
  }

  expect_failures = [var.account, var.connection_arn, var.kms_key_arn, var.provider_name, var.provider_type]
}
