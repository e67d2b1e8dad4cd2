locals {
  state_path = "${var.team.name}.state.json"

  # Every datastore that a product reads is a folder of data/.
  datastores = {
    for name in toset(flatten([
      for product in var.products : [for input in product.inputs : input.datastore]
    ])) : name => "data/${name}"
  }

  promoting = sort([for name, stage in var.stages : name if stage.promotes])
}
