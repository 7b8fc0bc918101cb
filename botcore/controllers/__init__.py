"""Controllers: decision units. They turn what is known into actions and touch neither orders nor connectors."""
