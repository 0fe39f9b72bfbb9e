"""The filters that editors write: which posts are dropped, and by which rule. Only `chains` reads rows."""

from apps.sources.filters.budget import Budget
from apps.sources.filters.candidate import Candidate, Effect, Hit, Kind, Rule, Rules, Verdict
from apps.sources.filters.chains import Chains, chains_of, owner_fields, rules_of, rules_owned, rules_shown
from apps.sources.filters.engine import Judge
from apps.sources.filters.kinds import value_checked
from apps.sources.filters.stored import rule_words

__all__ = [
    "Budget",
    "Candidate",
    "Chains",
    "Effect",
    "Hit",
    "Judge",
    "Kind",
    "Rule",
    "Rules",
    "Verdict",
    "chains_of",
    "owner_fields",
    "rule_words",
    "rules_of",
    "rules_owned",
    "rules_shown",
    "value_checked",
]
