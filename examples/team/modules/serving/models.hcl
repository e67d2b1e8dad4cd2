# Each model comes from the best run of its history, or is the candidate of another workspace.

locals {
  trained  = var.promoted_from == null ? [var.workspace] : []
  promoted = var.promoted_from == null ? [] : [var.promoted_from]
}

model "product" {
  for_each = var.products

  name      = each.key
  workspace = var.workspace
  framework = "scikit-learn"
  tags      = var.tags

  dynamic "run" {
    for_each = local.trained

    content {
      history = each.key
      select  = "best"
      metric  = each.value.metric
      goal    = each.value.goal
      path    = "outputs/model"

      dynamic "require" {
        for_each = each.value.at_least[*]

        content {
          metric   = each.value.metric
          at_least = require.value
        }
      }
    }
  }

  dynamic "registered" {
    for_each = local.promoted

    content {
      workspace = registered.value
      name      = each.key
      alias     = "candidate"
    }
  }

  aliases = {
    candidate = "latest"
    serving   = "this"
  }

  lifecycle {
    postcondition {
      condition     = self.size < 50000000
      error_message = "${self.id} has ${self.size} bytes, which workers would hold once each."
    }
  }
}
