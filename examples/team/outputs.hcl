output "trainings" {
  description = "What can be trained, and the history that its runs go into."
  value       = module.stage["dev"].trainings
}

output "dev_uri" {
  value = module.stage["dev"].scoring_uri
}

output "prod_uri" {
  description = "What callers outside of the team are told."
  value       = try(module.stage["prod"].scoring_uri, null)

  precondition {
    condition     = try(var.stages["prod"].keys, true)
    error_message = "Callers outside of the team need a key; say keys = true for prod."
  }
}

output "models" {
  description = "The versions that each stage serves, once all of them do."
  value       = { for name, stage in module.stage : name => stage.models }
}
