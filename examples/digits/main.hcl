# Trains a classifier of handwritten digits, registers what a run gave as a model, and serves it.
# Try it: amlplan apply, then amlplan run train, then amlplan apply -update-lock.

workspace "digits" {}

compute "local" "here" {}

environment "sk" {
  python       = "3.11"
  requirements = ["numpy", "scikit-learn==1.7.2", "matplotlib"]
}

run_config "train" {
  script      = "train.py"
  target      = compute.here
  environment = environment.sk
  history     = "digits"

  parameters = {
    classifier = "bayes"
  }

  input "images" {
    path = "../quickstart/data/digits.csv"
  }

  max_run_duration = "10m"
}

model "digits" {
  framework = "scikit-learn"

  run {
    history = "digits"
    select  = "best"
    metric  = "accuracy"
    goal    = "maximize"
    path    = "outputs/model.pkl"
  }

  aliases = {
    prod = "this"
  }
}

image "scorer" {
  models       = [model.digits]
  source_dir   = "scoring"
  entry_script = "score.py"
  environment  = environment.sk
}

deployment "prod" {
  image    = image.scorer
  target   = compute.here
  replicas = 2

  smoke {
    request = "sample-request.json"
  }
}

output "scoring_uri" {
  value = deployment.prod.scoring_uri
}

output "model" {
  value = model.digits.id
}
