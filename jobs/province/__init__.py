"""The simulated province: latent lives, the records institutions make of them, and the truth kept apart.

Imports nothing of codes, measures, identity or mappings, and nobody imports it: what is shared with receiving is the
feed contracts alone (``conf/contract``). From lives to files: ``people`` and ``life`` (who lives where, when),
``conditions``, ``risks``, ``hazards``, ``illness`` (who falls ill), ``cancers``, ``infections``, ``bodies``,
``pregnancies``; ``courses``, ``visits``, ``stays``, ``laboratory``, ``imaging`` (care);
``immunisation``, ``primary_care``; ``recording`` (how records differ from life); ``feeds``, ``care_feeds``,
``documents``, ``registry_feeds`` (rows of a contract); ``schedule`` (which file, which day), ``writing`` (files,
manifests), ``truth``, ``foreseen`` (true hazards and risks); ``simulate`` wires them.
"""
