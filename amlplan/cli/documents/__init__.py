"""Plans and states as documents for programs."""
