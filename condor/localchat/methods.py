"""The Bot API's methods, one function each: parameters in, result out, or an error with Telegram's own words."""

from __future__ import annotations

from condor.localchat import about, editing, sending
from condor.localchat.parts import Method

METHODS: dict[str, Method] = {
    "sendmessage": sending.send_message,
    "sendphoto": sending.send_photo,
    "senddocument": sending.send_document,
    "sendmediagroup": sending.send_media_group,
    "sendchataction": sending.send_chat_action,
    "editmessagetext": editing.edit_message_text,
    "editmessagecaption": editing.edit_message_caption,
    "editmessagereplymarkup": editing.edit_message_reply_markup,
    "editmessagemedia": editing.edit_message_media,
    "deletemessage": editing.delete_message,
    "deletemessages": editing.delete_messages,
    "pinchatmessage": editing.pin_chat_message,
    "unpinchatmessage": editing.unpin_chat_message,
    "unpinallchatmessages": editing.unpin_all_chat_messages,
    "setmessagereaction": editing.set_message_reaction,
    "answercallbackquery": about.answer_callback_query,
    "setmycommands": about.set_my_commands,
    "getmycommands": about.get_my_commands,
    "deletemycommands": about.delete_my_commands,
    "setchatmenubutton": about.accepted,
    "setmydescription": about.accepted,
    "setmyshortdescription": about.accepted,
    "logout": about.accepted,
    "close": about.accepted,
    "getme": about.get_me,
    "getchat": about.get_chat,
    "getfile": about.get_file,
    "getwebhookinfo": about.get_webhook_info,
    "deletewebhook": about.delete_webhook,
}
"""Lower-case method name -> function; getUpdates waits and so belongs to the server."""
