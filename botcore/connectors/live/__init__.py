"""The bot's side of a real account: what is believed of a venue, and when. Nothing here touches a network (see `VenueLine`)."""
