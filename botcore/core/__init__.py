"""Time, events between parts, and configuration: what every part of the runtime leans on."""
