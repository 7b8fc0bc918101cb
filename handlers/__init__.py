"""The Telegram front end: screens, actions, wizard, alerts. It imports condor only, and it alone imports telegram."""
