"""Addresses of joint plans."""

from django.urls import path

from cases.plans import views

urlpatterns = [
    path("cases/<uuid:record>/plan/", views.CasePlan.as_view(), name="case_plan"),
    path("cases/<uuid:record>/plan/new/", views.PlanStart.as_view(), name="plan_start"),
    path("cases/<uuid:record>/plan/goals/new/", views.GoalAdd.as_view(), name="goal_add"),
    path("cases/<uuid:record>/plan/goals/<uuid:goal>/edit/", views.GoalEdit.as_view(), name="goal_edit"),
    path("cases/<uuid:record>/plan/goals/<uuid:goal>/actions/new/", views.ActionAdd.as_view(), name="action_add"),
    path("cases/<uuid:record>/plan/actions/<uuid:action>/edit/", views.ActionEdit.as_view(), name="action_edit"),
]
