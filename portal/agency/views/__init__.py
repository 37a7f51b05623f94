"""The agency's own pages: who works here, in which unit and role, how much each carries, and who covers for whom.

They stand at the roof because they show what every floor knows: people and units, and counts of cases through the door.
"""
