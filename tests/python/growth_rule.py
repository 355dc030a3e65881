"""Prints the numbers by which the module judges growth, as test_python_layouts.c prints those of C."""

from heapgate import growth_rule

for name, value in vars(growth_rule).items():
    if name.isupper():
        print(name, f"{value:.17g}" if isinstance(value, float) else value)
