# A laboratory's machine-learning team: what it trains is tried in dev, and the same bytes serve in prod.
# README.md has the commands.

amlplan {
  required_version = ">= 0.1"

  state "local" {
    path = local.state_path
  }
}
