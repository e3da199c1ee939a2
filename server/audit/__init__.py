"""The audit log: one hook writes down every change of an audited row, in the transaction that makes it.

Each organization's entries are a chain of digests, which `gatehouse audit check` follows.
"""
