"""Which people or companies a search means: masks over the columns."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from sandbox.apollo.data.columns import gone
from sandbox.apollo.data.fates import BY_STATUS_FILTER, Fate
from sandbox.apollo.data.organization_payloads import industry_tag
from sandbox.apollo.data.tables import INDUSTRIES, PLACES, TECHNOLOGIES, TITLES
from sandbox.apollo.errors import invalid_search

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sandbox.apollo.data.arrays import Codes, Mask
    from sandbox.apollo.data.companies import Companies
    from sandbox.apollo.data.people import People

Filters = dict[str, Any]
_SEARCHES_KEPT = 8
_OF_COMPANIES = (
    "organization_locations",
    "organization_ids",
    "organization_num_employees_ranges",
    "revenue_range",
    "organization_industry_tag_ids",
    "currently_using_any_of_technology_uids",
    "currently_using_all_of_technology_uids",
    "currently_not_using_any_of_technology_uids",
)
"""What a search for people may ask of the employer; who has none fits none of it."""


@dataclass(slots=True)
class Search:
    """Finds numbers of people and of companies, and remembers the last few searches, so that paging is quick.

    Attributes:
        people: Their fates may change; call `forget` then.
    """

    people: People
    companies: Companies
    _found: OrderedDict[bytes, Codes] = field(default_factory=OrderedDict)

    def forget(self) -> None:
        """Search anew from here on."""
        self._found.clear()

    def people_numbers(self, filters: Filters) -> Codes:
        """Give back the numbers of the people who match all filters, in their fixed order."""
        return self._remembered("people", filters, self._people)

    def company_numbers(self, filters: Filters) -> Codes:
        """Give back the numbers of the companies that match all filters, in their fixed order."""
        return self._remembered("companies", filters, self._companies)

    def _remembered(self, kind: str, filters: Filters, find: Callable[[Filters], Codes]) -> Codes:
        key = kind.encode() + orjson.dumps(filters, option=orjson.OPT_SORT_KEYS)
        found = self._found.pop(key, None)
        if found is None:
            found = find(filters)
        self._found[key] = found
        if len(self._found) > _SEARCHES_KEPT:
            self._found.popitem(last=False)
        return found

    def _companies(self, filters: Filters) -> Codes:
        mask = self._company_mask(filters)
        if domains := filters.get("q_organization_domains_list"):
            mask &= self._with_domains(domains)
        if name := filters.get("q_organization_name", "").lower():
            mask &= self.companies.named(lambda each: name in each)
        if tags := filters.get("q_organization_keyword_tags"):
            mask &= _any((self._about(each.lower()) for each in tags), self.companies.count)
        return np.flatnonzero(mask)

    def _people(self, filters: Filters) -> Codes:
        columns = self.people.columns
        mask = ~gone(columns)
        if any(filters.get(name) for name in _OF_COMPANIES):
            mask &= _at(columns.company, self._company_mask(filters))
        if titles := filters.get("person_titles"):
            strict = filters.get("include_similar_titles") is False
            mask &= np.array([_has_title(each.text, titles, strict=strict) for each in TITLES])[columns.title]
        if seniorities := filters.get("person_seniorities"):
            mask &= np.array([each.seniority in seniorities for each in TITLES])[columns.title]
        if locations := filters.get("person_locations"):
            mask &= _places(locations)[columns.place]
        if statuses := filters.get("contact_email_status"):
            known = (BY_STATUS_FILTER[each] for each in statuses if each in BY_STATUS_FILTER)
            mask &= _any(known, len(Fate))[columns.fate]
        if domains := filters.get("q_organization_domains_list"):
            wanted = self._with_domains(domains)
            mask &= _at(columns.company, wanted) | _at(columns.previous_company, wanted)
        if words := filters.get("q_keywords", "").lower().split():
            mask &= self._with_words(words)
        return np.flatnonzero(mask)

    def _company_mask(self, filters: Filters) -> Mask:
        """Say for each company whether it matches the filters that ask for the employer."""
        columns = self.companies.columns
        mask = np.ones(self.companies.count, dtype=np.bool_)
        if locations := filters.get("organization_locations"):
            mask &= _places(locations)[columns.place]
        if locations := filters.get("organization_not_locations"):
            mask &= ~_places(locations)[columns.place]
        if ids := filters.get("organization_ids"):
            mask &= self._chosen(self.companies.number(each) for each in ids)
        if ranges := filters.get("organization_num_employees_ranges"):
            sizes = (_between(columns.employees, each) for each in ranges)
            mask &= (columns.employees > 0) & _any(sizes, self.companies.count)
        if revenue := filters.get("revenue_range"):
            mask &= (columns.revenue > 0) & (columns.revenue >= revenue.get("min", 0))
            mask &= columns.revenue <= revenue.get("max", np.iinfo(np.int64).max)
        if tags := filters.get("organization_industry_tag_ids"):
            seed = self.companies.seed
            mask &= np.array([each is not None and industry_tag(seed, each) in tags for each in INDUSTRIES])[
                columns.industry
            ]
        if uids := filters.get("currently_using_any_of_technology_uids"):
            mask &= columns.technologies & _bits(uids) > 0
        if uids := filters.get("currently_using_all_of_technology_uids"):
            known = {each.uid for each in TECHNOLOGIES} >= set(uids)
            mask &= known & ((columns.technologies & _bits(uids)) == _bits(uids))
        if uids := filters.get("currently_not_using_any_of_technology_uids"):
            mask &= (columns.technologies & _bits(uids)) == 0
        return mask

    def _with_domains(self, domains: list[str]) -> Mask:
        return self._chosen(number for domain in domains for number in self.companies.with_domain(domain))

    def _chosen(self, numbers: Iterable[int | None]) -> Mask:
        mask = np.zeros(self.companies.count, dtype=np.bool_)
        mask[[number for number in numbers if number is not None]] = True
        return mask

    def _about(self, word: str) -> Mask:
        """Say for each company whether its industry or its name contains the word."""
        in_industry = np.array([word in (each or "") for each in INDUSTRIES])[self.companies.columns.industry]
        mask: Mask = in_industry | self.companies.named(lambda each: word in each)
        return mask

    def _with_words(self, words: list[str]) -> Mask:
        """Say for each person whether title, industry and company name contain all words between them."""
        columns = self.people.columns
        mask = np.ones(self.people.count, dtype=np.bool_)
        for word in words:
            in_title = np.array([word in (each.text or "").lower() for each in TITLES])[columns.title]
            mask &= in_title | _at(columns.company, self._about(word))
        return mask


def _at(companies: Codes, wanted: Mask) -> Mask:
    """Say for each entry of a column of companies, of which -1 is none, whether it is wanted."""
    mask: Mask = np.append(wanted, np.False_)[companies]
    return mask


def _any(masks: Iterable[Mask], length: int) -> Mask:
    return reduce(np.logical_or, masks, np.zeros(length, dtype=np.bool_))


def _has_title(text: str | None, wanted: list[str], *, strict: bool) -> bool:
    if text is None:
        return False
    if strict:
        return text.lower() in {each.strip().lower() for each in wanted}
    words = set(text.lower().split())
    return any(words >= set(each.lower().split()) for each in wanted)


def _places(wanted: list[str]) -> Mask:
    """Say for each of `PLACES` whether it lies in one of the places: a city, a state, a country, or "city, country"."""

    def lies_in(place: Any, text: str) -> bool:
        known = {each.lower() for each in (place.city, place.state, place.country) if each}
        return all(part.strip() in known for part in text.lower().split(","))

    return np.array([any(lies_in(place, each) for each in wanted) for place in PLACES])


def _between(employees: Codes, asked: str) -> Mask:
    least, comma, most = asked.partition(",")
    if not comma or not (least.strip().isdigit() and most.strip().isdigit()):
        raise invalid_search("organization_num_employees_ranges")
    mask: Mask = (employees >= int(least)) & (employees <= int(most))
    return mask


def _bits(uids: list[str]) -> np.uint32:
    return np.uint32(sum(1 << place for place, each in enumerate(TECHNOLOGIES) if each.uid in uids))
