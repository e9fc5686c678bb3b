"""The simulated province: latent lives, the records institutions make of them, and the truth kept apart.

Imports nothing of codes, measures, identity or mappings, and nobody imports it: what is shared with receiving is the
feed contracts alone (``conf/contract``). From lives to files: ``people`` and ``life`` (who lives where, when),
``illness``, ``care`` (visits, stays, tests), ``recording`` (how records differ from life), ``feeds`` (rows of a
contract), ``delivery`` (which file, which day), ``writing`` (files, manifests), ``truth``; ``simulate`` wires them.
"""
