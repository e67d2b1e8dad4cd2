output "environment" {
  description = "What the scripts were written for, and so what a service of their models runs in."
  value       = environment.sklearn
}

output "features" {
  description = "The library that pickled models need beside the scoring script."
  value       = "${local.scripts}/features"
}

output "trainings" {
  value = { for product, training in run_config.train : product => training.history }
}
