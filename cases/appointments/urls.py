"""Addresses of appointments and of one's own calendar."""

from django.urls import path

from cases.appointments.views import acts, calendar, reading

ONE = "cases/<uuid:record>/appointments/<uuid:appointment>/"

urlpatterns = [
    path("cases/<uuid:record>/appointments/", reading.CaseAppointments.as_view(), name="case_appointments"),
    path("cases/<uuid:record>/appointments/new/", acts.NewAppointment.as_view(), name="appointment_new"),
    path(ONE, reading.ShowAppointment.as_view(), name="appointment"),
    path(f"{ONE}outcome/", acts.RecordOutcome.as_view(), name="appointment_outcome"),
    path(f"{ONE}edit/", acts.ChangeAppointment.as_view(), name="appointment_edit"),
    path(f"{ONE}move/", acts.MoveAppointment.as_view(), name="appointment_move"),
    path(f"{ONE}cancel/", acts.CancelAppointment.as_view(), name="appointment_cancel"),
    path(f"{ONE}calendar.ics", reading.AppointmentFile.as_view(), name="appointment_file"),
    path("calendar/", calendar.Calendar.as_view(), name="calendar"),
    path("calendar/new/", calendar.CalendarNew.as_view(), name="calendar_new"),
    path("calendar/appointments.ics", calendar.CalendarFile.as_view(), name="calendar_file"),
]
