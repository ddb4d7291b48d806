"""Domains of addresses and websites: their one spelling, whom they belong to, and what kind they are.

Nothing here asks the network. Whom a domain belongs to says the public suffix list (publicsuffix.org), and which ones
hand out addresses for ten minutes the list of the project disposable-email-domains; both come with their packages.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import SplitResult, urlsplit

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

_LONGEST_HOST = 253
"""Characters of a host name (RFC 1035); longer text is no domain, and is not worth a place in the cache."""

# Mailboxes that anybody can open, so that the domain says nothing of an employer.
_FREE_MAIL_DOMAINS = """
gmail.com googlemail.com outlook.com outlook.de outlook.fr outlook.es outlook.it outlook.at hotmail.com hotmail.de
hotmail.fr hotmail.es hotmail.it hotmail.nl hotmail.se hotmail.co.uk live.com live.de live.fr live.nl live.it live.at
live.co.uk msn.com passport.com yahoo.com yahoo.de yahoo.fr yahoo.es yahoo.it yahoo.at yahoo.ca yahoo.in yahoo.co.uk
yahoo.co.in yahoo.co.jp yahoo.com.au yahoo.com.br ymail.com rocketmail.com aol.com aol.de aol.co.uk icloud.com me.com
mac.com proton.me protonmail.com protonmail.ch pm.me tuta.com tuta.io tutanota.com tutanota.de tutamail.com keemail.me
gmx.de gmx.net gmx.at gmx.ch gmx.com gmx.eu gmx.info gmx.fr gmx.es gmx.co.uk web.de email.de mail.de mail.com
t-online.de magenta.de freenet.de arcor.de vodafone.de vodafonemail.de online.de 1und1.de posteo.de posteo.net
mailbox.org kabelmail.de o2online.de o2mail.de unitybox.de ewe.net ewetel.net alice.de bluewin.ch hispeed.ch
sunrise.ch swissonline.ch aon.at chello.at a1.net utanet.at inode.at orange.fr wanadoo.fr free.fr laposte.net sfr.fr
neuf.fr bbox.fr libero.it virgilio.it tiscali.it alice.it tin.it fastwebnet.it telefonica.net terra.es ziggo.nl
kpnmail.nl planet.nl home.nl xs4all.nl hetnet.nl casema.nl upcmail.nl telenet.be skynet.be proximus.be telia.com
home.se bredband.net spray.se mail.dk jubii.dk ofir.dk online.no wp.pl o2.pl onet.pl op.pl interia.pl interia.eu
poczta.fm vp.pl seznam.cz email.cz centrum.cz atlas.cz post.cz azet.sk zoznam.sk freemail.hu citromail.hu abv.bg
btinternet.com btopenworld.com sky.com talktalk.net virginmedia.com ntlworld.com blueyonder.co.uk comcast.net
verizon.net att.net sbcglobal.net bellsouth.net charter.net cox.net earthlink.net juno.com optonline.net shaw.ca
rogers.com sympatico.ca telus.net videotron.ca fastmail.com fastmail.fm hey.com zoho.com zohomail.com zohomail.eu
hushmail.com duck.com mail.ru inbox.ru list.ru bk.ru rambler.ru yandex.ru yandex.com ya.ru ukr.net i.ua qq.com 163.com
126.com sina.com naver.com hanmail.net daum.net rediffmail.com
"""
_FREE_MAIL = frozenset(_FREE_MAIL_DOMAINS.split())


class Domain(NamedTuple):
    """One domain that mail could go to.

    Attributes:
        name: Lower case, in ASCII (IDNA).
        registrable: What somebody registered, without the hosts below it; `None` where the domain is itself one of
            those under which others register, like `co.uk`.
        is_disposable: It hands out addresses that live for minutes.
        is_free_mail: Anybody can open a mailbox there.
    """

    name: str
    registrable: str | None
    is_disposable: bool
    is_free_mail: bool


@lru_cache(maxsize=100_000)
def known_domain(text: str) -> Domain | None:
    """What is known of a domain in whatever spelling; `None`: it is none that mail could go to.

    The last 100,000 are kept: most addresses of a long list share a domain, and looking at a new one takes
    thirty times as long.
    """
    # Imported here, because together they cost a command that reads no address a tenth of its start.
    from disposable_email_domains import blocklist
    from email_validator import EmailNotValidError, validate_email

    try:
        name = validate_email(f"a@{text}", check_deliverability=False).ascii_domain
    except EmailNotValidError:
        return None
    registrable = _suffixes().privatesuffix(name)
    names = {name, registrable}
    return Domain(name, registrable, not names.isdisjoint(blocklist), not names.isdisjoint(_FREE_MAIL))


def registrable_domain(host_or_url: str | None) -> str | None:
    """The domain that somebody registered, of a host, a web address or a mail address.

    `None`: there is none in it. Nothing that a cell of a file may hold makes this an error.

    >>> registrable_domain("http://www.Müller.example/x")
    'xn--mller-kva.example'
    """
    parts = split_url(host_or_url or "")
    host = (parts.hostname or "").rstrip(".") if parts else ""
    domain = known_domain(host) if len(host) <= _LONGEST_HOST else None
    return domain.registrable if domain else None


def split_url(text: str) -> SplitResult | None:
    """The parts of a web address, with its scheme or without; `None`: it is none."""
    text = text.strip()
    try:
        return urlsplit(text if "://" in text else f"//{text.lstrip('/')}")
    except ValueError:
        return None


@cache
def _suffixes() -> PublicSuffixList:
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList()
