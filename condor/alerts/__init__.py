"""Who is told what, how loudly and when: events, rules, batches, digests, repeats, price alerts, the second channel."""
