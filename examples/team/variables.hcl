variable "team" {
  description = "Who this belongs to; workspaces, deployments and the state are named for it."

  type = object({
    name    = string
    owner   = string
    readers = optional(list(string), [])
  })

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{2,11}$", var.team.name))
    error_message = "The team's name begins names of deployments: 3 to 12 small letters and digits, not \"${var.team.name}\"."
  }

  validation {
    condition     = startswith(var.team.owner, "user:")
    error_message = "The owner is a user, as in \"user:ana\"."
  }
}

variable "products" {
  description = "What the team makes, by name: how it is trained, from what, and how good it must be."

  type = map(object({
    script     = string
    inputs     = map(object({ datastore = string, file = string }))
    parameters = optional(map(string), {})
    metric     = string
    goal       = optional(string, "maximize")
    at_least   = optional(number)
  }))

  validation {
    condition     = length(var.products) > 0
    error_message = "A team without a product has nothing to serve."
  }

  validation {
    condition     = alltrue([for product in var.products : contains(["maximize", "minimize"], product.goal)])
    error_message = "The goal of a product is \"maximize\" or \"minimize\"."
  }
}

variable "stages" {
  description = "Where the products run, by name. Those that promote take dev's models and train nothing."

  type = map(object({
    promotes     = optional(bool, false)
    protected    = optional(bool, false)
    replicas     = optional(number, 1)
    keys         = optional(bool, true)
    timeout      = optional(string, "30s")
    contributors = optional(list(string), [])
  }))

  default = {
    dev = {
      keys    = false
      timeout = "60s"
    }
    prod = {
      promotes  = true
      protected = true
      replicas  = 2
      timeout   = "5s"
    }
  }

  validation {
    condition     = contains(keys(var.stages), "dev") && !try(var.stages["dev"].promotes, true)
    error_message = "There is a stage dev, and it trains: the others take its models."
  }
}

variable "requirements" {
  description = "What training and scoring need, locked in amlplan.lock for both."
  type        = list(string)
  default     = ["numpy", "scikit-learn==1.7.2"]
}
