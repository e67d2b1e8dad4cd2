variable "name" {
  type = string
}

variable "workspace" {}

variable "target" {}

variable "environment" {}

variable "libraries" {
  description = "Folders that go into the image beside the scoring script."
  type        = list(string)
  default     = []
}

variable "products" {
  description = "What is served, by name, and which run of it is good enough."

  type = map(object({
    metric   = string
    goal     = string
    at_least = optional(number)
  }))
}

variable "promoted_from" {
  description = "The workspace whose candidates are taken; null for the best runs of this one."
  default     = null
}

variable "replicas" {
  type    = number
  default = 1
}

variable "keys" {
  type    = bool
  default = true
}

variable "timeout" {
  type    = string
  default = "60s"
}

variable "tags" {
  type    = map(string)
  default = {}
}
