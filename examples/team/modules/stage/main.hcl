# A workspace with its data and this host, and in it what trains and what serves.

workspace "main" {
  name         = var.name
  owners       = var.owners
  contributors = var.settings.contributors
  readers      = var.readers
  tags         = var.tags

  lifecycle {
    prevent_destroy = var.settings.protected
  }
}

compute "local" "here" {
  tags = var.tags
}

datastore "local" "data" {
  for_each = var.datastores

  name = each.key
  path = each.value
  tags = var.tags

  lifecycle {
    postcondition {
      condition     = self.exists
      error_message = "There is no folder ${self.path}; data/README.md tells how it is made."
    }
  }
}
