# One image with every model, and the deployment that answers for all of them.

locals {
  requests = "${path.root}/requests"
}

image "scorer" {
  name         = var.name
  workspace    = var.workspace
  models       = values(model.product)
  source_dir   = "${path.module}/scoring"
  entry_script = "score.py"
  dependencies = var.libraries
  environment  = var.environment
  tags         = var.tags
}

deployment "scorer" {
  name      = var.name
  workspace = var.workspace
  image     = image.scorer
  target    = var.target
  replicas  = var.replicas
  tags      = var.tags

  scoring_timeout = var.timeout

  auth {
    mode = var.keys ? "key" : "none"
  }

  smoke {
    request = "${local.requests}/smoke.json"
  }

  rollout {
    keep = var.replicas > 1 ? 5 : 2
  }

  lifecycle {
    precondition {
      condition     = fileexists("${local.requests}/smoke.json")
      error_message = "The request that is tried before a revision serves is missing: ${local.requests}/smoke.json."
    }

    precondition {
      condition = (
        length(setsubtract(
          keys(var.products),
          [for sample in jsondecode(file("${local.requests}/smoke.json")).samples : sample.product]
        )) == 0
      )
      error_message = "The smoke request asks each product once: ${join(", ", keys(var.products))}."
    }
  }
}
