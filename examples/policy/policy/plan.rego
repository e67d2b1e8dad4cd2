# What no plan of ours may do. Its input is what `amlplan show -json PLAN` prints.
package main

import rego.v1

# Kinds that hold nothing and are made again from the configuration.
disposable := {"compute.local", "environment"}

ranks := {"none": 0, "low": 1, "medium": 2, "high": 3}

highest_risk := {"prod": "medium", "dev": "high"}

destroys(change) if "delete" in change.change.actions

# The side that is there now, where there is one: a plan must not escape by taking the tag away.
values(change) := change.change.before if change.change.before != null

values(change) := change.change.after if change.change.before == null

is_prod(change) if values(change).tags.stage == "prod"

is_prod(change) if startswith(object.get(change, "module_address", ""), "module.prod")

stage(change) := "prod" if is_prod(change)

stage(change) := "dev" if not is_prod(change)

deny contains message if {
	some change in input.resource_changes
	change.type == "model"
	is_prod(change)
	destroys(change)
	message := sprintf("%s is a model in prod, and would be destroyed (%s)", [
		change.address,
		object.get(change, "action_reason", change.x_amlplan.reason),
	])
}

deny contains message if {
	some change in input.resource_changes
	not change.type in disposable
	risk := change.x_amlplan.risk
	limit := highest_risk[stage(change)]
	ranks[risk] > ranks[limit]
	message := sprintf("%s: its risk is %s, and %s allows %s at most", [
		change.address, risk, stage(change), limit,
	])
}

deny contains message if {
	some change in input.resource_changes
	change.type == "deployment"
	change.change.after.auth.mode == "none"
	message := sprintf("%s would answer anybody: auth.mode is none", [change.address])
}

warn contains message if {
	some check in input.checks
	check.status in {"fail", "error"}
	message := sprintf("%s does not hold", [check.address.to_display])
}

warn contains message if {
	input.complete == false
	message := "the plan leaves something for later: see x_amlplan.deferred and x_amlplan.blocked"
}
