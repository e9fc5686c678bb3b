"""The simulated province: latent lives, the records institutions make of them, and the truth kept apart.

Imports nothing of codes, measures, identity or mappings, and nobody imports it: what is shared with receiving is the
feed contracts alone (``conf/contract``). From lives to files: ``people``, ``life``, ``couples`` (who lives where and
with whom), ``conditions``, ``risks``, ``hazards``, ``illness`` (who falls ill), ``cancers``, ``pregnancies``,
``childbirth``; ``lab_lists``, ``lab_values``, ``bodies`` (what is measured of a body); ``transmission``, ``outbreaks``,
``intensity`` (contagion in the counties), ``epidemic``, ``endemic``, ``infections``, ``notifying`` (who is infected,
and reported); ``courses``, ``visits``, ``stays``, ``referral``, ``comorbidity``, ``stay_course``, ``laboratory``,
``imaging`` (care); ``vaccinees``, ``immunisation``, ``primary_care``; ``undelivered``, ``health_files`` (what reaches
no feed, or under several numbers); ``recording``, ``coding``, ``personal``, ``personal_details``, ``units``,
``defects`` (how records differ from life); ``feeds``, ``outpatient``, ``home_page`` with its fees and operations,
``care_feeds``, ``lab_feed``, ``documents``, ``registry_feeds``, ``birth_certificates``, ``infectious_cards`` (rows of a
contract); ``schedule`` (which file, which day), ``writing`` (files, manifests), ``truth``, ``foreseen`` (true hazards
and risks); ``residents`` wires them for a part of the residents, ``simulate`` for all.
"""
