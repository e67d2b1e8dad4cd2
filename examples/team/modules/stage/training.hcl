module "training" {
  source = "../training"

  workspace    = workspace.main
  target       = compute.here
  requirements = var.requirements
  tags         = var.tags

  # A stage that takes another one's models has nothing to train.
  products = var.settings.promotes ? {} : var.products
  folders  = { for name, datastore in datastore.data : name => datastore.path }
}
