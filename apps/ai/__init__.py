"""The one gateway to text models: writers, prompts, budgets, ledger."""
