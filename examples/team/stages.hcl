module "stage" {
  source   = "./modules/stage"
  for_each = var.stages

  name       = "${var.team.name}-${each.key}"
  settings   = each.value
  owners     = [var.team.owner]
  readers    = var.team.readers
  tags       = merge(local.tags, { stage = each.key })
  datastores = local.datastores
  products   = var.products

  requirements = var.requirements

  # The key is a literal, so this is no circle: dev needs nothing of those that promote from it.
  promoted_from = each.value.promotes ? module.stage["dev"].workspace : null
}
