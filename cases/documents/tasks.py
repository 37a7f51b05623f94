"""What beat, and an upload, ask of this feature. Running one twice changes nothing the second time."""

from celery import shared_task

from cases.documents import services


@shared_task(name=services.SCAN)
def scan() -> None:
    """Scan the files that wait."""
    services.scan_waiting()


@shared_task(name="cases.documents.tasks.sweep_files")
def sweep_files() -> None:
    """Remove files that no document tells of."""
    services.sweep_files()
