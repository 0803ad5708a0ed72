"""The world over HTTP: routes by resource, authentication, rate limits, and answers in the service's shapes."""
