# The environment of scripts and services, and one run configuration for each product.

locals {
  scripts = "${path.module}/scripts"
  threads = 1
}

environment "sklearn" {
  workspace    = var.workspace
  python       = "3.11"
  requirements = var.requirements
  tags         = var.tags

  variables = {
    OMP_NUM_THREADS = local.threads
  }
}

run_config "train" {
  for_each = var.products

  name        = each.key
  workspace   = var.workspace
  description = "Trains ${each.key} and measures it on rows that it has not seen."
  source      = local.scripts
  script      = each.value.script
  target      = var.target
  environment = environment.sklearn
  history     = each.key
  parameters  = each.value.parameters
  tags        = var.tags

  dynamic "input" {
    for_each = each.value.inputs
    iterator = data
    labels   = [data.key]

    content {
      path = "${var.folders[data.value.datastore]}/${data.value.file}"
    }
  }

  resources {
    cpus   = local.threads
    memory = "512MiB"
  }

  max_run_duration = "10m"

  lifecycle {
    precondition {
      condition     = length(setsubtract(values(each.value.inputs)[*].datastore, keys(var.folders))) == 0
      error_message = "An input of ${each.key} is in a datastore that is not here: ${join(", ", keys(var.folders))}."
    }

    precondition {
      condition     = fileexists("${local.scripts}/${each.value.script}")
      error_message = "There is no script ${each.value.script} in ${local.scripts}."
    }
  }
}
