"""Fuzzing: every reader, the query language, names and diff rules, on input that is nearly right.

targets       what is run, and on which seeds
mutate        messages that are changed as messages, from the table of messages
containers    tables and records, whose checksums stay right
run           one target under atheris, for some seconds (`make fuzz`)
found/        inputs that broke something once; tests run them again
"""
