"""What runs under the user's interpreter, from Python 3.6 on: standard library only.

Nothing here imports anything of ours that is not here too.
"""
