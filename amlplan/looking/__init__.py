"""What people look at runs with: finding, comparing, drawing, reporting, handing on, clearing."""
