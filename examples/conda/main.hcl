# Trains in an environment that a conda file describes, with conda or without it.
# Try it: amlplan apply, then amlplan run train.

workspace "conda" {}

compute "local" "here" {}

environment "curve" {
  conda_file = "environment.yml"
}

run_config "train" {
  script      = "train.py"
  target      = compute.here
  environment = environment.curve
  history     = "curve"

  parameters = {
    degree = "3"
  }
}
