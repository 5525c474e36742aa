// Package notebooks holds Jupyter notebooks on the tables of a run, and machlup_run.py, which
// reads a run's directory into pandas and ArviZ. Its tests make small runs and execute them.
package notebooks
