"""Who is told what a plan or an apply does: people, programs, or both."""
