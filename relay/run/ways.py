"""The two ways to an app: reverse invocation, and Dify's Service API for those whose key the owner has entered."""

from collections.abc import Mapping
from typing import Any

from relay.call import Call, Upload
from relay.errors import ServiceApiUnusable
from relay.incoming.settings import Access, Settings
from relay.run.attended import Attended
from relay.run.dify import Dify, KeyedApp, Running, Session, Storage
from relay.run.inbox import Inbox

# seconds; Dify's own limit (DIFY_BACKWARDS_INVOCATION_READ_TIMEOUT), and that of provider/service_api
LONGEST_INVOCATION = 240.0
LONGEST_BY_KEY = 590.0

CIRCLE = "service_api_url leads to a relay that asks for it by a key again: enter the address of Dify's own"


class Ways:
    """Dify, each app by its way: see `relay.run.dify.Dify`."""

    def __init__(self, session: Session, settings: Settings, *, asked_by_key: bool = False) -> None:
        """Take the request's session, and whether a relay sent the request by a key: then nobody is asked by one."""
        self._session = session
        self._settings = settings
        self._asked_by_key = asked_by_key

    @property
    def endpoint_id(self) -> str:
        return self._session.endpoint_id

    @property
    def storage(self) -> Storage:
        return self._session.storage

    def anew(self) -> Dify:
        return Ways(self._session.anew(), self._settings, asked_by_key=self._asked_by_key)

    def keyed(self, app_id: str) -> KeyedApp | None:
        """Give an app that has a key. Raises ServiceApiUnusable where the settings let it not be reached."""
        settings = self._settings
        key = settings.keys_of_apps.get(app_id)
        if key is None:
            return None
        told = settings.access is Access.KEY  # whoever is let in holds the key
        if self._asked_by_key:
            raise ServiceApiUnusable(CIRCLE, told=told)
        if not settings.service_api_url:
            raise ServiceApiUnusable("app_keys has a key for it, but service_api_url is not set", told=told)
        return self._session.by_key(settings.service_api_url, key, told=told)

    def longest(self, app_id: str) -> float:
        return LONGEST_BY_KEY if app_id in self._settings.keys_of_apps else LONGEST_INVOCATION

    def parameters(self, app_id: str) -> Mapping[str, Any]:
        keyed = self.keyed(app_id)
        return keyed.parameters() if keyed else self._session.parameters(app_id)

    def upload(self, upload: Upload, *, app_id: str, user: str | None) -> Mapping[str, Any]:
        keyed = self.keyed(app_id)
        return keyed.upload(upload, user) if keyed else self._session.upload(upload)

    def run(self, call: Call, inbox: Inbox) -> Running:
        if keyed := self.keyed(call.app_id):
            return Attended(keyed.run(call, inbox), inbox, is_heard=self._session.is_heard)
        return self._session.run(call, inbox)
