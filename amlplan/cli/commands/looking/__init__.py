"""The commands of `amlplan runs` that look at what runs recorded, and hand it on."""
