variable "workspace" {}

variable "target" {}

variable "requirements" {
  type = list(string)
}

variable "products" {
  description = "What is trained here, by name."

  type = map(object({
    script     = string
    inputs     = map(object({ datastore = string, file = string }))
    parameters = map(string)
  }))
}

variable "folders" {
  description = "Where each datastore is."
  type        = map(string)
}

variable "tags" {
  type    = map(string)
  default = {}
}
