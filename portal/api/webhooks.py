"""The messages to webhooks as the OpenAPI document describes them (see sharing/notices/webhooks/messages.py)."""

from drf_spectacular.utils import OpenApiWebhook

_TEXT = {"type": "string"}
_UUID_OR_NULL = {"type": ["string", "null"], "format": "uuid"}
_ABOUT = {
    "type": "object",
    "description": "Empty in a test.",
    "properties": {
        "event_id": {"type": "string", "format": "uuid"},
        "record_type": _TEXT,
        "record_id": {**_UUID_OR_NULL, "description": "Null where the receiver may no longer know of it"},
        "object_type": {"type": ["string", "null"]},
        "object_id": {"type": ["string", "null"], "description": "Null where the receiver may no longer know of it"},
        "news": {"type": "string", "format": "uri", "description": "Where to read what happened"},
    },
}
_MESSAGE = {
    "type": "object",
    "required": ["type", "timestamp", "data"],
    "properties": {
        "type": {**_TEXT, "description": "A code of `/reference/event-kinds/`, or `connection.test`"},
        "timestamp": {"type": "string", "format": "date-time", "description": "When it happened"},
        "data": _ABOUT,
    },
}
_HEADERS = {
    "webhook-id": "The same for every attempt: pass over what came already.",
    "webhook-timestamp": "Seconds since 1970 of this attempt; refuse what is older than five minutes.",
    "webhook-signature": "`v1,` and the signature, by each secret that is valid, with a blank between.",
}

NEWS = OpenApiWebhook(
    "news",
    {
        "post": {
            "operationId": "receive_news",
            "description": "Something happened that concerns a system of the receiver. Names nobody: numbers and an"
            " address to read. Signed as Standard Webhooks has it.",
            "tags": ["Inbox"],
            "parameters": [
                {"name": name, "in": "header", "required": True, "schema": _TEXT, "description": text}
                for name, text in _HEADERS.items()
            ],
            "requestBody": {"required": True, "content": {"application/json": {"schema": _MESSAGE}}},
            "responses": {
                "2XX": {"description": "Taken. Whatever else is answered within fifteen seconds is tried again."},
                "410": {"description": "Gone: the webhook is switched off."},
            },
        }
    },
)
