"""Controllers and scripts written for Hummingbot's Strategy V2, run as they are.

`surface` says which names such a file may import and what stands behind each; `loader` runs a file with exactly these names, `check` refuses it with name and
line when something is missing. The rest are the classes behind the names: those that are not ours already.
"""
