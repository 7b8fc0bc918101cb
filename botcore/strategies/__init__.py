"""One running bot: controllers, their orchestrator and the desk that they trade through."""
