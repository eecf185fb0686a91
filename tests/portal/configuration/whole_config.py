"""A configuration that says something in every field."""

from typing import Any

ID = "01990000-0000-7000-8000-000000000001"

BLOCK: dict[str, Any] = {
    "type": "chart", "order": 1, "id": ID, "parentId": "top", "more": {"of": "it"},
    "props": {
        "visibility": {
            "is_hidden": False, "hidden_on_mobile": True, "hidden_on_desktop": False, "hidden_in_app": False,
            "start_date": "2026-01-01T00:00:00Z", "end_date": "2027-01-01T00:00:00+01:00",
            "visible_for_targets": ["a"], "visible_for_operator": "and", "hidden_for_targets": [],
            "hidden_for_operator": "or",
        },
        "content": {"title": {"en": "Your use"}}, "design": {"width": 12},
    },
}  # fmt: skip

PAGE: dict[str, Any] = {
    "slug": "home", "order": 0.5, "id": ID, "path": "/", "schema": ["contract"],
    "visibility": {"is_hidden": False, "visible_for_operator": "or"}, "content": {"title": "Home"}, "design": {},
    "blocks": {"one": BLOCK}, "is_system": True, "is_detail": False, "detail_schema": "contract",
    "show_in_navigation": True, "is_public": False, "parentId": None, "is_entry_route": True, "is_deleted": False,
    "last_modified_at": "2026-02-03T04:05:06Z", "portal_id": "x", "past_routes": ["/start"], "kept": [1, {"as": "sent"}],
}  # fmt: skip

COMMON: dict[str, Any] = {
    "enabled": True, "name": "Customers", "is_epilot_domain": False,
    "domain_settings": {
        "is_custom_domain_enabled": True, "is_epilot_domain_enabled": False, "is_redirection_enabled": False,
    },
    "design_id": ID, "allowed_portal_entities": ["contract", "meter"],
    "self_registration_setting": "ALLOW_WITH_CONTACT_CREATION", "self_registration_account_setting": "DENY",
    "self_registration_entity": "contact", "user_account_self_management": True,
    "feature_settings": {"start_page": True, "billing": False, "change_due_date": True, "new_design": True},
    "accessToken": "a secret for admins", "advanced_mfa": {"enabled": True},
    "auth_settings": {
        "passwordless_login": {"enabled": False}, "entry_point": "PASSWORD", "preferred_sso_providers": ["works"],
        "auto_redirect_to_sso": False,
    },
    "cognito_details": {
        "cognito_user_pool_client_id": "c", "cognito_user_pool_arn": "a", "cognito_user_pool_id": "p",
        "timeouts": {"refresh_token": 30, "access_token": 60, "id_token": 60},
        "advanced_authentication": {
            "user_activity_logging": False, "adaptive_authentication": True, "compromised_credentials_detection": True,
        },
        "password_policy": {
            "minimum_length": 12, "maximum_length": 99, "require_lowercase": True, "require_uppercase": False,
            "require_numbers": True, "require_symbols": False,
        },
    },
    "config": '{"anything": 1}', "contact_identifiers": ["email"], "approval_state_attributes": {"contract": ["status"]},
    "email_templates": {"confirmAccount": ID, "advancedMFA": None, "journeyLoginOTP": ID, "onMapAPendingUser": ID},
    "images": {"orderLeftTeaser": "https://files.example.org/1", "orderRightTeaser": None, "welcomeBanner": None},
    "entity_identifiers": {"type": {"isEnabled": True, "attributes": ["number"]}},
    "contract_identifiers": [{"name": "number", "schema": "contract"}],
    "contract_selector_config": {"show_inactive": False, "title_path": "name"},
    "registration_identifiers": [{"name": "customer_number", "schema": "contact"}],
    "triggered_journeys": [{"trigger_name": "FIRST_LOGIN", "journey_id": ID}],
    "entity_edit_rules": [
        {
            "slug": "contract", "attribute": "installment", "rule_type": "cadence", "cadence_period_type": "months",
            "cadence_period": 1.5, "changes_allowed": 2, "grace_period": 3, "allowed_increment": "10%",
            "allowed_decrement": "5%", "number_of_days_before_restriction": 4,
        }
    ],
    "allowed_file_extensions": {"document": ["pdf"], "audioVideo": ["mp4"], "other": []},
    "prevent_search_engine_indexing": True, "meter_reading_grace_period": 2.5, "inactive_contract_cutoff_years": 3.0,
    "is_dummy": False, "is_v3_item": True, "portal_sk_v3": "key", "pages": {"home": PAGE}, "global_blocks": {"foot": BLOCK},
}  # fmt: skip

PROVIDER: dict[str, Any] = {
    "slug": "works", "display_name": "The works", "provider_type": "OIDC",
    "attribute_mappings": {
        "contact": {"email": "mail", "first_name": "given", "shoe_size": "feet"}, "account": {"name": "org"},
        "portal_user": {"access_status": "ok"}, "concession_attributes": {"water": "w"},
    },
    "entity_matching": {"portal_user": {"email": "mail"}, "contact": {}, "auto_create_cognito_user": False},
    "oidc_config": {
        "type": "authorization_code", "oidc_issuer": "https://id.example.org", "client_id": "portal", "scope": "openid",
        "redirect_uri": "https://portal.example.org/back", "client_secret": "s3cret-1", "prompt": "login",
        "metadata": {
            "response_modes_supported": ["query"], "token_endpoint": "https://id.example.org/token",
            "skip_login_as_logout": True, "test_auth_username": "s3cret-tester", "test_auth_password": "s3cret-2",
        },
    },
    "mobile_oidc_config": {"client_id": "app", "client_secret": "s3cret-3"},
}  # fmt: skip

PUBLIC_PROVIDER: dict[str, Any] = {
    "slug": "works", "display_name": "The works",
    "oidc_config": {
        "type": "authorization_code", "oidc_issuer": "https://id.example.org", "client_id": "portal", "scope": "openid",
        "redirect_uri": "https://portal.example.org/back", "has_client_secret": True, "prompt": "login",
        "metadata": {
            "response_modes_supported": ["query"], "token_endpoint": "https://id.example.org/token",
            "skip_login_as_logout": True,
        },
    },
    "mobile_oidc_config": {"client_id": "app"},
}  # fmt: skip

INTERNAL: dict[str, Any] = {
    "entity_actions": [{"journey_id": ID, "slug": "contract", "action_Label": {"en": "Move", "de": "Umziehen"}}],
    "extensions": [{"id": "meter-app", "status": "enabled", "options": {"key": "s3cret-4"}}],
    "extension_hooks": {"priceDataRetrieval": {"app_id": "a", "extension_id": "meter-app", "hook_id": "h"}},
    "default_user_to_notify": {"onPendingUser": [{"user_id": "7", "email": "desk@example.org", "team": "north"}]},
}

WHOLE = {**COMMON, **INTERNAL, "identity_providers": [PROVIDER]}
