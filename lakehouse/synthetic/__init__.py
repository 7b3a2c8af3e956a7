"""A synthetic population whose truth is known: people, their records, their claims and their genomes.

A block of a thousand persons is simulated once (`population`), what care they receive is told from their lives
(`care`), and billed (`billing`). The rows that this leaves (`frames`) are then written as a hospital's files (`ehr`),
as payers' files (`claims`), and as the truth that everything is scored against (`truth`). Clinical knowledge stands in
tables (`knowledge`). No other part of the lakehouse imports this one: to them it is a folder of files that landed.
"""
