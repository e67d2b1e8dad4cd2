module "serving" {
  source = "../serving"

  name          = var.name
  workspace     = workspace.main
  target        = compute.here
  environment   = module.training.environment
  libraries     = [module.training.features]
  products      = var.products
  promoted_from = var.promoted_from
  replicas      = var.settings.replicas
  keys          = var.settings.keys
  timeout       = var.settings.timeout
  tags          = var.tags
}
