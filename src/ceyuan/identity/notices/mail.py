"""One mail over SMTP."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import Any

from ceyuan.identity.notices.tables import Delivery
from ceyuan.identity.settings import MailSettings


def compose(settings: MailSettings, delivery: Delivery, payload: dict[str, Any]) -> EmailMessage:
    """The message with the opened `payload`; its Message-ID is the delivery's, so that a repeat can be recognised."""
    message = EmailMessage()
    sender = settings.sender or f"ceyuan@{settings.host}"
    name, address = parseaddr(sender)
    message["From"] = Address(name or "Ceyuan 策源", addr_spec=address)
    message["To"] = Address(addr_spec=payload["to"])
    message["Subject"] = " ".join(str(payload["subject"]).split())
    message["Date"] = format_datetime(delivery.created_at)
    message["Message-ID"] = f"<{delivery.id}@{address.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(str(payload["text"]))
    return message


async def send_mail(settings: MailSettings, delivery: Delivery, payload: dict[str, Any]) -> None:
    """Hand the mail to the server, or raise what went wrong (`OSError`, `smtplib.SMTPException`, `ValueError`)."""
    await asyncio.to_thread(_send, settings, compose(settings, delivery, payload))


def _send(settings: MailSettings, message: EmailMessage) -> None:
    context = ssl.create_default_context()
    if settings.security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            settings.host, settings.port, timeout=settings.timeout_s, context=context
        )
    else:
        server = smtplib.SMTP(settings.host, settings.port, timeout=settings.timeout_s)
    with server:
        if settings.security == "starttls":
            server.starttls(context=context)
        if settings.username:
            server.login(settings.username, settings.password.get_secret_value())
        server.send_message(message)
