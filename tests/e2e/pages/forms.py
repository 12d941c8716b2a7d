"""Fills in and presses every form, as people do, and reads what the page says then."""

import re

from session import log_in
from site_of_lists import ADMIN, LIST, MEMBER, OTHER, PASSWORD
from walk import rows

OF_LIST = f"/lists/{LIST}"
HELD, QUEUE = f"{OF_LIST}/held", "/site/queue"

# Of each path that does something: who does it, where, and the steps; what stands in braces the site knows. The order is
# that of a life: what ends things comes last.
TABLE = [
    ("/login", "", "/login", ["fill address max@example.org", f"fill password {PASSWORD}", "press Log in", "said My lists"]),
    ("/login/link", "", "/login", ["fill link-address ann@example.org", "press Mail me a link", "said Look into your mail"]),
    ("/login/{token}", "", "/login/{link ann@example.org login}", ["press Log in", "said My lists"]),
    ("/lists/{list}/subscribe", "", f"{OF_LIST}/subscribe",
     ["fill address new@example.org", "fill name New", "choose mode digest", "press Subscribe – " + LIST, "said Look into your mail"]),
    ("/confirm/{token}", "", "/confirm/{link new@example.org confirm}", ["press Confirm", "said is done at"]),
    ("/lists/{list}/leave", "", f"{OF_LIST}/subscribe",
     ["unfold Leave this list", "fill leave-address new@example.org", "press Unsubscribe", "said Look into your mail"]),
    ("/unsubscribe/{token}", "", "/unsubscribe/a-token-that-is-none", ["press Unsubscribe", "said This link does not work"]),

    ("/my/{list}", MEMBER, "/my", ["choose mode-1 digest", "choose language-1 de", "press Save", "said Saved."]),
    ("/my/{list}/threads", MEMBER, f"/my/{LIST}/threads",
     ["press Mute: Re: Who brings the cake?", "said muted", "press Unmute: Re: Who brings the cake?", "said Saved."]),
    ("/my/{list}/enable", MEMBER, "/my", ["press Send mail again", "said Mail goes out to you again."]),
    ("/my/{list}/leave", MEMBER, "/my", ["unfold Leave this list", "press Leave this list", "said You have left the list."]),
    ("/account/password", MEMBER, "/account",
     [f"fill old {PASSWORD}", "fill new Marillen-Knoedel-2", "press Change the password", "said The password is changed."]),
    ("/account/everywhere", MEMBER, "/account", ["press Log out everywhere", "said Log in without a password"]),

    ("/lists/{list}/held/{id}", ADMIN, HELD,
     ["press Lunch on Friday?", "press Approve", "said Approved: the post goes out."]),
    ("/lists/{list}/held", ADMIN, HELD,
     ["tick Choose the post Next", "fill reason Not here", "press Reject", "said Done."]),
    ("/lists/{list}/requests", ADMIN, f"{OF_LIST}/requests", ["press Accept asks@example.org", "said Accepted as a member."]),
    ("/lists/{list}/members", ADMIN, f"{OF_LIST}/members",
     ["unfold Add a member", "fill new-address eve@example.org", "fill name Eve", "press Add", "said eve@example.org"]),
    ("/lists/{list}/members/remove", ADMIN, f"{OF_LIST}/members?q=eve",
     ["tick Choose eve@example.org", "press Remove", "said Removed."]),
    ("/lists/{list}/member/{address}", ADMIN, f"{OF_LIST}/member/person1@example.org",
     ["fill name One", "choose mode nomail", "press Save", "said Changed.", "press Trust this member", "said Changed."]),
    ("/lists/{list}/import", ADMIN, f"{OF_LIST}/import",
     ["fill members two@example.org", "press Look first", "said This would happen", "press Add them", "said Imported."]),
    ("/lists/{list}/settings", ADMIN, f"{OF_LIST}/settings",
     ["choose set.post_policy open", "press Preview", "said not saved", "press Save", "said Saved."]),
    ("/lists/{list}/bounces", ADMIN, f"{OF_LIST}/bounces", ["press Forget the bounces of person3@example.org", "said forgotten"]),
    ("/lists/{list}/digest", ADMIN, f"{OF_LIST}/digest", ["press Send it now", "said The digest is on its way."]),
    ("/lists/{list}/bans", ADMIN, f"{OF_LIST}/bans", ["fill pattern *@spam.example", "press Ban", "said Added."]),
    ("/lists/{list}/bans/remove", ADMIN, f"{OF_LIST}/bans", ["press Lift the ban of *@spam.example", "said Removed."]),
    ("/lists/{list}/roles", ADMIN, f"{OF_LIST}/roles",
     ["fill role-address eve@example.org", "choose role moderator", "press Give", "said The role is given."]),
    ("/lists/{list}/roles/revoke", ADMIN, f"{OF_LIST}/roles",
     ["press Take away the role moderator from eve@example.org", "said The role is taken away."]),
    ("/lists/{list}/templates/{name}/{language}", ADMIN, f"{OF_LIST}/templates/welcome/en",
     ["fill text Subject: Hi\n\nWelcome to {{ list }}.", "press Preview", "said Welcome to talk", "press Save", "said The text is saved."]),
    ("/lists/{list}/explain", ADMIN, f"{OF_LIST}/explain",
     ["fill sender ann@example.org", "fill message From: ann@example.org\n\nHello", "press Explain it", "said The mail server would be told"]),

    ("/site/doctor", ADMIN, "/site", ["press Have the doctor look", "said storage"]),
    ("/site/reload", ADMIN, "/site", ["press Read the configuration again", "said has read its configuration again"]),
    ("/site/lists", ADMIN, "/site/lists", ["fill address fresh@lists.example.org", "press Create", "said Created."]),
    ("/site/domains", ADMIN, "/site/domains", ["fill name lists.example.net", "press Create", "said Created."]),
    ("/site/domains/change", ADMIN, "/site/domains",
     ["fill Description of lists.example.net Ours", "press Save the description of lists.example.net", "said Changed."]),
    ("/site/domains/delete", ADMIN, "/site/domains", ["press Delete lists.example.net", "said Deleted."]),
    ("/site/queue/{id}", ADMIN, QUEUE + "/{held}", ["tick sure", "press Drop", "said Dropped."]),
    ("/site/people", ADMIN, "/site/people?q=person9@example.org",
     ["press See what erasing takes", "fill name person9@example.org", "press Erase for ever", "said Erased"]),
    ("/site/dkim", ADMIN, "/site/dkim",
     ["fill domain lists.example.org", "fill selector k1", "choose algorithm ed25519", "press Make", "said The key is made."]),
    ("/site/dkim/change", ADMIN, "/site/dkim", ["press Remove k1 of lists.example.org", "said Removed."]),
    ("/site/accounts", ADMIN, "/site/accounts", ["fill address eve@example.org", "press Create", "said Created."]),
    ("/site/accounts/change", ADMIN, "/site/accounts", ["press Lock eve@example.org", "said Changed."]),
    ("/site/tokens", ADMIN, "/site/tokens", ["fill label backup", "fill scopes read", "press Make", "said shown this once"]),
    ("/site/tokens/revoke", ADMIN, "/site/tokens", ["press Revoke backup", "said revoked"]),

    ("/lists/{list}/close", ADMIN, OF_LIST, ["unfold Close the list", f"fill name {LIST}", "press Close the list", "said is closed"]),
    ("/lists/{list}/reopen", ADMIN, OF_LIST, ["press Open it again", "said The list is open again."]),
    ("/lists/{list}/rename", ADMIN, f"/lists/{OTHER}",
     ["unfold Give the list another address", "fill new-address chat@lists.example.org", "press Change the address",
      "said has another address"]),
    ("/lists/{list}/delete", ADMIN, "/lists/chat@lists.example.org",
     ["unfold Delete the list", "fill delete-name chat@lists.example.org", "press Delete for ever", "said Deleted."]),
    ("/logout", ADMIN, "/my", ["press Log out", "said Log in without a password"]),
]


class Forms:
    def __init__(self, browser, site, script):
        self.browser, self.site, self.script = browser, site, script
        self.complaints, self.who = [], ""
        if not script:
            disabled = {"cmd": "Emulation.setScriptExecutionDisabled", "params": {"value": True}}
            self.browser.ask("POST", "/goog/cdp/execute", disabled)

    def every(self, source):
        """Does all that can be done; answers how much that is."""
        tried = [path for path, *_ in TABLE]
        for path, _ in rows(source, "Post"):
            if path not in tried:
                self.complaints.append(f"{path}: no form that leads there was tried")
        for path, who, place, steps in TABLE:
            try:
                self.be(who)
                self.look(place)
                for step in steps:
                    self.do(step)
            except (LookupError, RuntimeError, OSError) as error:
                script = "with" if self.script else "without"
                self.complaints.append(f"{path} {script} a script: {error}; it shows {self.browser.text()[:600]!r}")
        self.keys()
        return len(TABLE)

    def look(self, place):
        known = {"held": lambda: self.site.held()[-1], "link": self.site.link}

        def fill(found):
            what, *about = found[1].split()
            return known[what](*about) if what in known else found[0]
        self.browser.look(f"http://localhost:{self.site.port}" + re.sub(r"\{([^{}]+)\}", fill, place))

    def do(self, step):
        what, words = step.split(" ", 1)
        if what not in ("fill", "choose"):
            getattr(self.browser, what)(words)
            return
        # A label of several words has a text of one.
        label, text = words.rsplit(" ", 1) if words.startswith("Description of ") else words.split(" ", 1)
        getattr(self.browser, what)(label, text)

    def be(self, who):
        """Logs in as somebody else, if need be."""
        if who == self.who:
            return
        self.browser.ask("DELETE", "/cookie")
        self.who = who
        if who:
            log_in(self, who)

    def keys(self):
        """What can be done without a mouse: TAB always, letters with a script."""
        self.who = ""
        self.be(ADMIN)
        self.look(HELD)
        press = {"TAB": "\ue004"}
        active = "const one = document.activeElement; return [one.className, one.getAttribute('name') || one.value || '', " \
            "one.innerText || '', getComputedStyle(one).outlineStyle].join('|')"

        def typed(keys, wanted):
            self.type(press.get(keys, keys))
            found = self.browser.run(active)
            if not re.search(wanted, found):
                self.complaints.append(f"after {keys} the focus is at {found!r}, not {wanted!r}")
        typed("TAB", r"^skip\|.*solid$")
        if self.script:
            self.look(HELD)
            for keys in ("j", "k"):
                typed(keys, "Next|very long")
            self.look(HELD + "/{held}")
            typed("a", "approve|Approve")
            typed("r", "reason")

    def type(self, key):
        keys = [{"type": kind, "value": key} for kind in ("keyDown", "keyUp")]
        self.browser.ask("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": keys}]})
