"""A small documented contract, for tests about one thing."""

from __future__ import annotations

from typing import Any

Json = Any

SMALL: Json = {
    "openapi": "3.1.0",
    "info": {"title": "Small", "version": "1"},
    "paths": {
        "/v1/widgets": {
            "get": {
                "operationId": "list_widgets",
                "tags": ["widgets"],
                "x-used-by": ["run"],
                "parameters": [{"name": "limit", "in": "query", "schema": {"type": "integer"}}],
                "responses": {
                    "200": {
                        "description": "The widgets.",
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/WidgetList"}}},
                    }
                },
            },
            "post": {
                "operationId": "make_widget",
                "tags": ["widgets"],
                "x-used-by": ["run"],
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/MakeWidgetRequest"}}},
                },
                "responses": {
                    "201": {
                        "description": "The widget.",
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Widget"}}},
                    }
                },
            },
        },
        "/v1/widgets/{id}": {
            "get": {
                "operationId": "get_widget",
                "tags": ["widgets"],
                "x-used-by": ["watch"],
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
                ],
                "responses": {
                    "200": {
                        "description": "The widget.",
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Widget"}}},
                    }
                },
            }
        },
    },
    "components": {
        "schemas": {
            "Widget": {
                "type": "object",
                "required": ["id", "state"],
                "properties": {
                    "id": {"type": "string", "format": "uuid", "x-steering": True},
                    "state": {"allOf": [{"$ref": "#/components/schemas/WidgetState"}], "x-steering": True},
                    "label": {"type": ["string", "null"], "description": "What it is called."},
                    "weight": {"type": "number"},
                    "made_at": {"type": "string", "format": "date-time"},
                    "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Widget"}},
                },
            },
            "WidgetState": {"type": "string", "enum": ["Queued", "InProgress", "Done"]},
            "WidgetRow": {
                "type": "object",
                "properties": {
                    "id": {"type": "string", "format": "uuid", "x-steering": True},
                    "state": {"allOf": [{"$ref": "#/components/schemas/WidgetState"}], "x-steering": True},
                },
            },
            "WidgetList": {
                "type": "object",
                "properties": {
                    "widgets": {"type": "array", "items": {"$ref": "#/components/schemas/WidgetRow"}},
                    "total": {"type": "integer"},
                },
            },
            "MakeWidgetRequest": {
                "type": "object",
                "required": ["label"],
                "properties": {"label": {"type": "string"}, "state": {"$ref": "#/components/schemas/WidgetState"}},
            },
        }
    },
}
