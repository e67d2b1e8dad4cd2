variable "name" {
  description = "What the workspace and the deployment are called."
  type        = string
}

variable "settings" {
  description = "How large the stage is, and what it allows."

  type = object({
    promotes     = bool
    protected    = bool
    replicas     = number
    keys         = bool
    timeout      = string
    contributors = list(string)
  })

  validation {
    condition     = var.settings.replicas >= 1 && var.settings.replicas <= 8
    error_message = "${var.settings.replicas} replicas do not fit this host; 1 to 8 do."
  }
}

variable "owners" {
  type = list(string)
}

variable "readers" {
  type    = list(string)
  default = []
}

variable "tags" {
  type    = map(string)
  default = {}
}

variable "datastores" {
  description = "Folders with data, by name."
  type        = map(string)
}

variable "products" {
  description = "As the root's."
  type        = any
}

variable "requirements" {
  type = list(string)
}

variable "promoted_from" {
  description = "The workspace whose models are taken; null where this stage trains its own."
  default     = null
}
