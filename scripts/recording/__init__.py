"""What ``scripts/record_cassettes.py`` is made of, and what the tests that replay its cassettes share with it."""
