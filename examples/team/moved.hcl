# How the project came to be what it is. States of every age still follow; blocks that moved cost
# nothing to keep, and go when the last state has followed.

# At first there was one workspace, in the root.
moved {
  from = workspace.main
  to   = module.dev.workspace.main
}

moved {
  from = compute.here
  to   = module.dev.compute.here
}

moved {
  from = environment.sklearn
  to   = module.dev.module.training.environment.sklearn
}

moved {
  from = datastore.wine
  to   = module.dev.datastore.data["wine"]
}

# Then dev became a module, and with prod one of two objects of it.
moved {
  from = module.dev
  to   = module.stage["dev"]
}

# Nobody reads the scratch folder any more; its files stay where they are.
removed {
  from = datastore.scratch

  lifecycle {
    destroy = false
  }
}
