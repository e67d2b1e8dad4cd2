# A workspace for a classifier of handwritten digits, on this machine.
# Try it: amlplan plan, then amlplan apply.

variable "team" {
  type        = string
  default     = "vision"
  description = "Who looks after this."
}

locals {
  tags = {
    team = var.team
    data = "digits"
  }
}

workspace "digits" {
  readers = ["group:audit"]
  tags    = local.tags
}

datastore "local" "images" {
  path    = "data"
  default = true
  tags    = local.tags
}

compute "local" "here" {}

environment "classifier" {
  python       = "3.11"
  requirements = ["numpy", "scikit-learn==1.7.2"]

  variables = {
    OMP_NUM_THREADS = "2"
  }
}

model "centroids" {
  source    = "model"
  framework = "nearest-centroid"

  properties = {
    accuracy = jsondecode(file("model/facts.json")).accuracy
  }
}

output "model" {
  value       = model.centroids.id
  description = "The registered version."
}

output "model_digest" {
  value = model.centroids.digest
}
