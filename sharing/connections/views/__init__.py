"""The connections page: systems of the agency, their tokens and webhooks. For administrators alone.

A secret is in the one answer that follows its making, and nowhere else: it is not kept where it could be shown again.
"""
