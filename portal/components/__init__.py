"""What page templates are made of: the tags in templatetags/, beside the pieces in templates/components/."""
