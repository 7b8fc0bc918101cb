"""The ground floor: words, values, events and errors that every other floor speaks in."""
