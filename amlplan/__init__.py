"""amlplan: plan, apply and drift for machine-learning workspaces described in HCL."""

__version__ = "0.1.0"
