"""The ground: the vocabulary of facts and the one place they are stored.

Imports nothing else of ours. `event` says what a fact is, `store` keeps it, `scope` says who may read it,
`errors` sorts what can go wrong by how to recover. To change a table add a numbered file to schema/.
"""
