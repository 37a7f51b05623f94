"""Addresses of an agency's agreements."""

from django.urls import path

from portal.agreements import views

urlpatterns = [
    path("agency/agreements/", views.AgreementList.as_view(), name="agreements"),
    path("agency/agreements/new/", views.ChooseTemplate.as_view(), name="agreement_templates"),
    path("agency/agreements/new/<slug:kind>/", views.NewAgreement.as_view(), name="agreement_new"),
    path("agency/agreements/<uuid:agreement>/", views.AgreementDetail.as_view(), name="agreement"),
    path("agency/agreements/<uuid:agreement>/edit/", views.ChangeDraft.as_view(), name="agreement_edit"),
    path("agency/agreements/<uuid:agreement>/propose/", views.Propose.as_view(), name="agreement_propose"),
    path("agency/agreements/<uuid:agreement>/sign/", views.Sign.as_view(), name="agreement_sign"),
    path("agency/agreements/<uuid:agreement>/send-back/", views.SendBack.as_view(), name="agreement_send_back"),
    path("agency/agreements/<uuid:agreement>/amend/", views.Amend.as_view(), name="agreement_amend"),
    path("agency/agreements/<uuid:agreement>/suspend/", views.Suspend.as_view(), name="agreement_suspend"),
    path("agency/agreements/<uuid:agreement>/resume/", views.Resume.as_view(), name="agreement_resume"),
    path("agency/agreements/<uuid:agreement>/end/", views.End.as_view(), name="agreement_end"),
]
