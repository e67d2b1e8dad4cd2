output "workspace" {
  description = "For a stage that takes models from this one."
  value       = workspace.main
}

output "trainings" {
  value = module.training.trainings
}

output "models" {
  value = module.serving.models
}

output "digests" {
  value = module.serving.digests
}

output "scoring_uri" {
  value = module.serving.scoring_uri
}
