"""What goes into an image, and how it is written layer by layer."""
