# Two classifiers of handwritten digits, trained in containers, served together by one deployment
# on a Docker engine. README.md takes you from nothing to a rolling update under load and back.

variable "base_image" {
  type        = string
  default     = "python:3.11-slim"
  description = "An image with Python 3.11 that containers are made from."
}

workspace "digits" {}

compute "docker" "box" {}

environment "sk" {
  python       = "3.11"
  requirements = ["scikit-learn==1.7.2"]

  docker {
    base_image = var.base_image
  }
}

run_config "bayes" {
  script      = "train.py"
  arguments   = ["--classifier", "bayes"]
  target      = compute.box
  environment = environment.sk
  history     = "bayes"

  parameters = {
    smoothing = 1e-9
  }

  input "images" {
    path = "../quickstart/data/digits.csv"
  }

  resources {
    memory = "1GiB"
  }
}

run_config "svm" {
  script      = "train.py"
  arguments   = ["--classifier", "svm"]
  target      = compute.box
  environment = environment.sk
  history     = "svm"

  parameters = {
    penalty = 0.001
  }

  input "images" {
    path = "../quickstart/data/digits.csv"
  }

  resources {
    memory = "1GiB"
  }
}

model "bayes" {
  framework = "scikit-learn"

  run {
    history = "bayes"
    select  = "best"
    metric  = "accuracy"
    goal    = "maximize"
    path    = "outputs/model.pkl"
  }
}

model "svm" {
  framework = "scikit-learn"

  run {
    history = "svm"
    select  = "best"
    metric  = "accuracy"
    goal    = "maximize"
    path    = "outputs/model.pkl"
  }
}

image "scorer" {
  models       = [model.bayes, model.svm]
  source_dir   = "scoring"
  entry_script = "score.py"
  environment  = environment.sk
  builder      = compute.box
}

deployment "prod" {
  image    = image.scorer
  target   = compute.box
  replicas = 2
  cpu      = 1
  memory   = "512MiB"

  smoke {
    request = "../digits/sample-request.json"
  }

  rollout {
    keep = 2
  }
}

output "scoring_uri" {
  value = deployment.prod.scoring_uri
}
