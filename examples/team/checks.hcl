# Looked at after every plan and apply. The first is a note while dev is ahead, which is how a
# promotion is announced; the second stops a plan.

check "promotion" {
  assert {
    condition = alltrue(flatten([
      for name in local.promoting : [
        for product, digest in module.stage[name].digests : digest == module.stage["dev"].digests[product]
      ]
    ]))
    error_message = "Not every stage serves what dev serves. To promote, amlplan lock -upgrade the models."
  }
}

check "service" {
  severity = "error"

  assert {
    condition     = alltrue([for stage in var.stages : stage.keys if stage.promotes])
    error_message = "A stage that promotes is for others: say keys = true."
  }

  assert {
    condition     = alltrue([for stage in var.stages : stage.replicas >= 2 if stage.promotes])
    error_message = "A stage that promotes answers while one of its workers starts again: two replicas at least."
  }
}
