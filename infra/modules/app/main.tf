locals {
  name = "${var.prefix}-app"
  port = 8501
  # {account}.dkr.ecr.{region}.{suffix}/{repository}@sha256:{digest}
  _image         = regex("^([0-9]+)\\.dkr\\.ecr\\.([a-z0-9-]+)\\.[^/]+/([^@]+)@", var.app.image)
  repository_arn = "arn:${var.account.partition}:ecr:${local._image[1]}:${local._image[0]}:repository/${local._image[2]}"
}

resource "aws_ecs_cluster" "this" {
  name = local.name

  setting {
    # The alarm reads its metric of running tasks.
    name  = "containerInsights"
    value = "enabled"
  }
}

resource "aws_ecs_task_definition" "this" {
  family                   = local.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.app.cpu
  memory                   = var.app.memory_mb
  execution_role_arn       = aws_iam_role.this["execution"].arn
  task_role_arn            = aws_iam_role.this["task"].arn

  runtime_platform {
    cpu_architecture        = "X86_64"
    operating_system_family = "LINUX"
  }

  # The only folder that can be written to.
  volume {
    name = "tmp"
  }

  container_definitions = jsonencode([{
    name                   = "app"
    image                  = var.app.image
    essential              = true
    readonlyRootFilesystem = true
    linuxParameters        = { capabilities = { add = [], drop = ["ALL"] }, initProcessEnabled = true }
    mountPoints            = [{ sourceVolume = "tmp", containerPath = "/tmp", readOnly = false }]
    portMappings           = [{ containerPort = local.port, hostPort = local.port, protocol = "tcp" }]
    environment = [for name, value in {
      APP_API_URL      = var.api.url
      APP_LABEL_BUCKET = var.workflow_bucket.name
      AWS_REGION       = var.account.region
      BUILD_STAGE      = var.stack.stage
      SERVICE          = var.stack.service
      USE_CASE         = var.app.use_case
    } : { name = name, value = value }]
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.this.name
        awslogs-region        = var.account.region
        awslogs-stream-prefix = "app"
      }
    }
  }])
}

resource "aws_ecs_service" "this" {
  #checkov:skip=CKV_AWS_333:The task gets a public address only where a person asks for it (assign_public_ip); checkov does not know the value.
  name                   = local.name
  cluster                = aws_ecs_cluster.this.id
  task_definition        = aws_ecs_task_definition.this.arn
  desired_count          = var.app.count
  launch_type            = "FARGATE"
  enable_execute_command = false
  propagate_tags         = "SERVICE"

  # A task that does not start brings back the one before.
  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  network_configuration {
    assign_public_ip = var.app.assign_public_ip
    security_groups  = [aws_security_group.task.id]
    subnets          = var.app.subnet_ids
  }

  dynamic "load_balancer" {
    for_each = aws_lb_target_group.this

    content {
      container_name   = "app"
      container_port   = local.port
      target_group_arn = load_balancer.value.arn
    }
  }

  # A task needs its permissions, and ECS a target group with a listener.
  depends_on = [aws_iam_role_policy.this, aws_lb_listener.https]
}

resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_338:Retention depends on the environment: a year by default, less in development (retention_days in config/environments).
  name              = "/aws/ecs/${local.name}"
  kms_key_id        = var.logs.kms_key_arn
  retention_in_days = var.logs.retention_days
}

resource "aws_cloudwatch_metric_alarm" "stopped" {
  alarm_name          = "${local.name}-stopped"
  alarm_description   = "No task of the sentiment app runs: see the events of the ECS service ${local.name} and the log group ${aws_cloudwatch_log_group.this.name}."
  namespace           = "ECS/ContainerInsights"
  metric_name         = "RunningTaskCount"
  dimensions          = { ClusterName = aws_ecs_cluster.this.name, ServiceName = aws_ecs_service.this.name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 2
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  # A service without tasks reports nothing.
  treat_missing_data = "breaching"
  alarm_actions      = [var.alarm_topic_arn]
}
