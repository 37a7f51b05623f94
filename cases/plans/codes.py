"""Code lists of joint plans."""

from django.db import models


class PlanStatus(models.TextChoices):
    DRAFT = "draft", "Draft"
    ACTIVE = "active", "Active"
    CLOSED = "closed", "Closed"


class GoalStatus(models.TextChoices):
    ACTIVE = "active", "Active"
    LATER = "later", "Later"
    REACHED = "reached", "Reached"
    DROPPED = "dropped", "Dropped"


class Need(models.TextChoices):
    """Criminogenic needs and matters of stability that a goal may serve."""

    EMPLOYMENT = "employment", "Employment and education"
    HOUSING = "housing", "Housing"
    FAMILY = "family", "Family"
    ASSOCIATES = "associates", "Associates"
    SUBSTANCE_USE = "substance_use", "Substance use"
    THINKING = "thinking", "Thinking and attitudes"
    LEISURE = "leisure", "Leisure"
    MONEY = "money", "Money"
    HEALTH = "health", "Health"
    COMPLIANCE = "compliance", "Keeping the conditions"


class ActionKind(models.TextChoices):
    SUPPORT = "support", "Support"
    SUPERVISE = "supervise", "Supervise"
    ENFORCE = "enforce", "Enforce"


class ActionStatus(models.TextChoices):
    OPEN = "open", "Open"
    DONE = "done", "Done"
    DROPPED = "dropped", "Dropped"
