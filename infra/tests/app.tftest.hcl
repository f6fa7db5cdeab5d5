mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  account         = { id = "123456789012", partition = "aws", region = "eu-west-1" }
  alarm_topic_arn = "arn:aws:sns:eu-west-1:123456789012:ml-core-development-alarms"
  api = {
    execution_arn = "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234"
    url           = "https://abcdef1234.execute-api.eu-west-1.amazonaws.com/v1"
  }
  app = {
    allowed_cidrs = ["10.0.0.0/8"]
    image         = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/ml-core-development-workflow@sha256:0000000000000000000000000000000000000000000000000000000000000000"
    subnet_ids    = ["subnet-0a1b"]
    vpc_id        = "vpc-0a1b"
  }
  kms_key_arn     = "arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000000"
  logs            = { kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/11111111-1111-1111-1111-111111111111", retention_days = 30 }
  prefix          = "ml-core-development"
  stack           = { service = "ml-core", stage = "development" }
  workflow_bucket = { name = "workflow", arn = "arn:aws:s3:::workflow" }
}

# Applied to the mocked provider, so that ARNs and ids are known.
run "defaults" {
  module {
    source = "./modules/app"
  }

  assert {
    condition     = data.aws_iam_policy_document.task.statement[0].resources == toset(["${var.api.execution_arn}/v1/GET/models/reviews", "${var.api.execution_arn}/v1/POST/predict/reviews"])
    error_message = "The app may ask the model of its use case, and nothing else of the API."
  }

  assert {
    condition     = length(data.aws_iam_policy_document.task.statement) == 3 && data.aws_iam_policy_document.task.statement[1].actions == toset(["s3:PutObject"]) && data.aws_iam_policy_document.task.statement[1].resources == toset(["arn:aws:s3:::workflow/labels/reviews/*"])
    error_message = "The app may write labels of its use case, and read nothing."
  }

  assert {
    condition     = data.aws_iam_policy_document.execution.statement[1].resources == toset(["arn:aws:ecr:eu-west-1:123456789012:repository/ml-core-development-workflow"])
    error_message = "ECS may pull from the repository of the image only."
  }

  assert {
    condition     = aws_ecs_task_definition.this.task_role_arn == aws_iam_role.this["task"].arn && aws_ecs_task_definition.this.execution_role_arn == aws_iam_role.this["execution"].arn && aws_iam_role.this["task"].name != aws_iam_role.this["execution"].name
    error_message = "The container does not get the role of ECS."
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.this.container_definitions)[0].readonlyRootFilesystem && { for item in jsondecode(aws_ecs_task_definition.this.container_definitions)[0].environment : item.name => item.value } == { APP_API_URL = var.api.url, APP_LABEL_BUCKET = "workflow", AWS_REGION = "eu-west-1", BUILD_STAGE = "development", SERVICE = "ml-core", USE_CASE = "reviews" }
    error_message = "The container cannot change its files, and its settings hold no secret."
  }

  assert {
    condition     = aws_ecs_service.this.network_configuration[0].assign_public_ip == false && length(aws_lb.this) == 0 && length(aws_lb_listener.https) == 0
    error_message = "Without a certificate there is neither a load balancer nor a public address."
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.task["10.0.0.0/8"].from_port == 8501 && length(aws_vpc_security_group_ingress_rule.task) == 1 && aws_vpc_security_group_egress_rule.task.to_port == 443
    error_message = "Only the allowed network reaches the task, and the task only HTTPS."
  }

  assert {
    condition     = aws_cloudwatch_log_group.this.name == "/aws/ecs/ml-core-development-app" && aws_cloudwatch_log_group.this.kms_key_id == var.logs.kms_key_arn && aws_cloudwatch_log_group.this.retention_in_days == 30
    error_message = "The log is encrypted and kept as long as given."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.stopped.treat_missing_data == "breaching" && aws_cloudwatch_metric_alarm.stopped.alarm_actions == toset([var.alarm_topic_arn])
    error_message = "A service without tasks triggers an alarm."
  }
}

run "behind_a_load_balancer" {
  module {
    source = "./modules/app"
  }

  variables {
    app = {
      allowed_cidrs = ["198.51.100.0/24"]
      image         = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/ml-core-development-workflow@sha256:0000000000000000000000000000000000000000000000000000000000000000"
      load_balancer = {
        certificate_arn = "arn:aws:acm:eu-west-1:123456789012:certificate/00000000-0000-0000-0000-000000000000"
        subnet_ids      = ["subnet-0c", "subnet-0d"]
      }
      subnet_ids = ["subnet-0a", "subnet-0b"]
      vpc_id     = "vpc-0a1b"
    }
  }

  assert {
    condition     = aws_lb.this[0].internal && aws_lb.this[0].drop_invalid_header_fields
    error_message = "The load balancer is internal unless it is to be public."
  }

  assert {
    condition     = aws_lb_listener.https[0].protocol == "HTTPS" && aws_lb_listener.https[0].port == 443 && startswith(aws_lb_listener.https[0].ssl_policy, "ELBSecurityPolicy-TLS13")
    error_message = "The only listener speaks TLS 1.2 or newer."
  }

  assert {
    condition     = length(aws_vpc_security_group_ingress_rule.task) == 0 && aws_vpc_security_group_ingress_rule.balancer_to_task[0].referenced_security_group_id == aws_security_group.balancer[0].id && length(aws_vpc_security_group_ingress_rule.balancer) == 1
    error_message = "Only the load balancer reaches the task, and only the allowed network the load balancer."
  }

  assert {
    condition     = aws_lb_target_group.this[0].stickiness[0].type == "lb_cookie" && aws_lb_target_group.this[0].health_check[0].path == "/_stcore/health"
    error_message = "A visit stays with the task that began it."
  }
}

run "rejects_a_tag_and_wrong_names" {
  command = plan

  module {
    source = "./modules/app"
  }

  variables {
    account         = { id = "1234", partition = "aws", region = "eu-west-1" }
    alarm_topic_arn = "alarms"
    api             = { execution_arn = "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/v1", url = "https://example.com/v1" }
    kms_key_arn     = "alias/key"
    prefix          = "a-service-with-a-name-development"
    app = {
      allowed_cidrs = ["10.0.0.0/8"]
      image         = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:latest"
      subnet_ids    = ["subnet-0a"]
      vpc_id        = "vpc-0a"
    }
  }

  expect_failures = [var.account, var.alarm_topic_arn, var.api, var.app, var.kms_key_arn, var.prefix]
}

run "rejects_the_whole_internet" {
  command = plan

  module {
    source = "./modules/app"
  }

  variables {
    app = {
      allowed_cidrs = ["0.0.0.0/0"]
      image         = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app@sha256:0000000000000000000000000000000000000000000000000000000000000000"
      subnet_ids    = ["subnet-0a"]
      vpc_id        = "vpc-0a"
    }
  }

  expect_failures = [var.app]
}

run "rejects_a_name_of_a_network" {
  command = plan

  module {
    source = "./modules/app"
  }

  variables {
    app = {
      allowed_cidrs = ["10.0.0.0/8"]
      image         = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app@sha256:0000000000000000000000000000000000000000000000000000000000000000"
      subnet_ids    = ["subnet-0a"]
      vpc_id        = "main"
    }
  }

  expect_failures = [var.app]
}

run "rejects_one_subnet_of_a_load_balancer" {
  command = plan

  module {
    source = "./modules/app"
  }

  variables {
    app = {
      allowed_cidrs = ["10.0.0.0/8"]
      image         = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app@sha256:0000000000000000000000000000000000000000000000000000000000000000"
      load_balancer = { certificate_arn = "arn:aws:acm:eu-west-1:123456789012:certificate/0", subnet_ids = ["subnet-0a"] }
      subnet_ids    = ["subnet-0a"]
      vpc_id        = "vpc-0a"
    }
  }

  expect_failures = [var.app]
}

run "rejects_a_size_that_fargate_lacks" {
  command = plan

  module {
    source = "./modules/app"
  }

  variables {
    app = {
      allowed_cidrs = ["10.0.0.0/8"]
      image         = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app@sha256:0000000000000000000000000000000000000000000000000000000000000000"
      memory_mb     = 1000
      subnet_ids    = ["subnet-0a"]
      vpc_id        = "vpc-0a"
    }
  }

  expect_failures = [var.app]
}

run "rejects_a_use_case_in_capitals" {
  command = plan

  module {
    source = "./modules/app"
  }

  variables {
    app = {
      allowed_cidrs = ["10.0.0.0/8"]
      image         = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app@sha256:0000000000000000000000000000000000000000000000000000000000000000"
      subnet_ids    = ["subnet-0a"]
      use_case      = "Reviews"
      vpc_id        = "vpc-0a"
    }
  }

  expect_failures = [var.app]
}
