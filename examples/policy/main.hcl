# A model in two stages, and a deployment: something for policies to look at. README.md has the commands.

variable "auth" {
  type        = string
  default     = "key"
  description = "Who may ask the deployment: key or none."
}

workspace "assay" {}

compute "local" "here" {}

environment "plain" {
  python       = "3.11"
  requirements = []
}

model "rule" {
  for_each = toset(["dev", "prod"])

  source = "model/rule.json"
  tags   = { stage = each.key }
}

image "scorer" {
  models       = [model.rule["prod"]]
  entry_script = "score.py"
  environment  = environment.plain
}

deployment "prod" {
  image  = image.scorer
  target = compute.here
  tags   = { stage = "prod" }

  auth {
    mode = var.auth
  }
}
