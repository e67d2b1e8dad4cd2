output "models" {
  value = { for name, model in model.product : name => model.id }
}

output "digests" {
  value = { for name, model in model.product : name => model.digest }
}

output "scoring_uri" {
  value = deployment.scorer.scoring_uri
}
