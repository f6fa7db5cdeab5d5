locals {
  # Without a load balancer people reach the task itself, inside the VPC.
  _balanced = var.app.load_balancer == null ? [] : [var.app.load_balancer]
}

resource "aws_security_group" "task" {
  name        = "${local.name}-task"
  description = "The tasks of ${local.name}."
  vpc_id      = var.app.vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "task" {
  for_each = length(local._balanced) > 0 ? [] : var.app.allowed_cidrs

  security_group_id = aws_security_group.task.id
  description       = "People, without a load balancer."
  cidr_ipv4         = each.value
  from_port         = local.port
  to_port           = local.port
  ip_protocol       = "tcp"
}

resource "aws_vpc_security_group_ingress_rule" "balancer_to_task" {
  count = length(local._balanced)

  security_group_id            = aws_security_group.task.id
  description                  = "The load balancer."
  referenced_security_group_id = aws_security_group.balancer[0].id
  from_port                    = local.port
  to_port                      = local.port
  ip_protocol                  = "tcp"
}

resource "aws_vpc_security_group_egress_rule" "task" {
  security_group_id = aws_security_group.task.id
  description       = "The APIs of AWS, whose addresses change."
  cidr_ipv4         = "0.0.0.0/0"
  from_port         = 443
  to_port           = 443
  ip_protocol       = "tcp"
}

resource "aws_security_group" "balancer" {
  count = length(local._balanced)

  name        = "${local.name}-balancer"
  description = "The load balancer of ${local.name}."
  vpc_id      = var.app.vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "balancer" {
  for_each = length(local._balanced) > 0 ? var.app.allowed_cidrs : []

  security_group_id = aws_security_group.balancer[0].id
  description       = "People."
  cidr_ipv4         = each.value
  from_port         = 443
  to_port           = 443
  ip_protocol       = "tcp"
}

resource "aws_vpc_security_group_egress_rule" "balancer" {
  count = length(local._balanced)

  security_group_id            = aws_security_group.balancer[0].id
  description                  = "The tasks."
  referenced_security_group_id = aws_security_group.task.id
  from_port                    = local.port
  to_port                      = local.port
  ip_protocol                  = "tcp"
}

resource "aws_lb" "this" {
  #checkov:skip=CKV_AWS_91:Access logs need a bucket whose policy admits the load balancer; the app logs who asked nothing.
  #checkov:skip=CKV_AWS_150:quick-destroy.sh removes the whole deployment, and the app holds nothing that could be lost.
  #checkov:skip=CKV2_AWS_28:Only the addresses of allowed_cidrs can reach it, which are never the whole Internet.
  count = length(local._balanced)

  name                       = local.name
  load_balancer_type         = "application"
  internal                   = !local._balanced[0].public
  security_groups            = [aws_security_group.balancer[0].id]
  subnets                    = local._balanced[0].subnet_ids
  drop_invalid_header_fields = true
  # Streamlit keeps a connection open, and sends something at least once a minute.
  idle_timeout = 120
}

resource "aws_lb_target_group" "this" {
  #checkov:skip=CKV_AWS_378:TLS ends at the load balancer, and Streamlit serves HTTP; only the load balancer can reach it.
  count = length(local._balanced)

  name                 = local.name
  port                 = local.port
  protocol             = "HTTP"
  target_type          = "ip"
  vpc_id               = var.app.vpc_id
  deregistration_delay = 30

  health_check {
    path    = "/_stcore/health"
    matcher = "200"
  }

  # A visit belongs to the process that began it.
  stickiness {
    type = "lb_cookie"
  }
}

# The only listener: nothing is served without TLS.
resource "aws_lb_listener" "https" {
  count = length(local._balanced)

  load_balancer_arn = aws_lb.this[0].arn
  certificate_arn   = local._balanced[0].certificate_arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this[0].arn
  }
}
