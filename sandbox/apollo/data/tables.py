"""What people and companies of the sample database are made of. The first entry of a table means that it is unknown."""

from __future__ import annotations

from typing import NamedTuple


class Title(NamedTuple):
    """A job title, with what Apollo derives from it."""

    text: str | None
    seniority: str | None
    department: str | None


class Place(NamedTuple):
    """Where somebody lives, or a company sits; a coarse entry knows the country alone."""

    city: str | None
    state: str | None
    country: str | None
    weight: int


class Technology(NamedTuple):
    """Something a company was seen to use."""

    uid: str
    name: str
    category: str


FORMULA_TITLE = "=cmd|' /C calc'!A1"
TITLES = (
    Title(None, None, None),
    Title("Inhaber", "owner", "c_suite"),
    Title("Owner", "owner", "c_suite"),
    Title("Founder", "founder", "c_suite"),
    Title("Co-Founder & CEO", "founder", "c_suite"),
    Title("CEO", "c_suite", "c_suite"),
    Title("COO", "c_suite", "c_suite"),
    Title("CFO", "c_suite", "c_suite"),
    Title("Chief Revenue Officer", "c_suite", "c_suite"),
    Title("Managing Director", "c_suite", "c_suite"),
    Title("Geschäftsführer", "c_suite", "c_suite"),
    Title("Geschäftsführerin", "c_suite", "c_suite"),
    Title("Partner", "partner", "c_suite"),
    Title("VP Sales", "vp", "master_sales"),
    Title("VP Supply Chain", "vp", "master_operations"),
    Title("VP Marketing", "vp", "master_marketing"),
    Title("Head of Sales", "head", "master_sales"),
    Title("Head of Operations", "head", "master_operations"),
    Title("Head of Logistics", "head", "master_operations"),
    Title("Head of Marketing", "head", "master_marketing"),
    Title("Vertriebsleiter", "head", "master_sales"),
    Title("Leiter Disposition", "head", "master_operations"),
    Title("Director of Sales", "director", "master_sales"),
    Title("Director of Operations", "director", "master_operations"),
    Title("Director of Procurement", "director", "master_operations"),
    Title("Sales Manager", "manager", "master_sales"),
    Title("Plant Manager", "manager", "master_operations"),
    Title("Logistics Manager", "manager", "master_operations"),
    Title("Content Marketing Manager", "manager", "master_marketing"),
    Title("Einkaufsleiterin", "manager", "master_operations"),
    Title("Senior Account Executive", "senior", "master_sales"),
    Title("Senior Buyer", "senior", "master_operations"),
    Title("Sales Development Representative", "entry", "master_sales"),
    Title("Disponent", "entry", "master_operations"),
    Title("Werkstudentin Marketing", "intern", "master_marketing"),
    Title("Brand Ambassador", None, "master_marketing"),
    Title(FORMULA_TITLE, "head", "master_sales"),
)
TITLE_WEIGHTS = (3, *(3 for _ in TITLES[1:-1]), 0)

PLACES = (
    Place(None, None, None, 5),
    Place("Berlin", "Berlin", "Germany", 7),
    Place("Hamburg", "Hamburg", "Germany", 6),
    Place("Munich", "Bavaria", "Germany", 7),
    Place("Cologne", "North Rhine-Westphalia", "Germany", 5),
    Place("Stuttgart", "Baden-Württemberg", "Germany", 5),
    Place(None, None, "Germany", 4),
    Place("Vienna", "Vienna", "Austria", 5),
    Place("Graz", "Styria", "Austria", 2),
    Place("Zurich", "Zurich", "Switzerland", 4),
    Place("Basel", "Basel-Stadt", "Switzerland", 2),
    Place(None, None, "Switzerland", 1),
    Place("Amsterdam", "North Holland", "Netherlands", 5),
    Place("Rotterdam", "South Holland", "Netherlands", 3),
    Place("Antwerp", "Flanders", "Belgium", 3),
    Place("Luxembourg", None, "Luxembourg", 1),
    Place("Copenhagen", "Capital Region of Denmark", "Denmark", 3),
    Place("Stockholm", "Stockholm County", "Sweden", 4),
    Place("Oslo", "Oslo", "Norway", 2),
    Place("Helsinki", "Uusimaa", "Finland", 2),
    Place("London", "England", "United Kingdom", 6),
    Place("Leeds", "England", "United Kingdom", 2),
    Place(None, None, "United Kingdom", 2),
    Place("Paris", "Île-de-France", "France", 4),
    Place("Madrid", "Community of Madrid", "Spain", 3),
    Place("New York", "New York", "United States", 4),
    Place("Chicago", "Illinois", "United States", 3),
    Place("San Francisco", "California", "United States", 2),
    Place(None, None, "United States", 2),
)
PLACE_WEIGHTS = tuple(place.weight for place in PLACES)
DIAL_CODES = {
    "Germany": "+49",
    "Austria": "+43",
    "Switzerland": "+41",
    "Netherlands": "+31",
    "Belgium": "+32",
    "Luxembourg": "+352",
    "Denmark": "+45",
    "Sweden": "+46",
    "Norway": "+47",
    "Finland": "+358",
    "United Kingdom": "+44",
    "France": "+33",
    "Spain": "+34",
    "United States": "+1",
}
WITHOUT_GDPR = frozenset({"Switzerland", "United States"})

INDUSTRIES = (
    None,
    "logistics & supply chain",
    "transportation/trucking/railroad",
    "information technology & services",
    "computer software",
    "food & beverages",
    "mechanical or industrial engineering",
    "textiles",
    "renewables & environment",
    "management consulting",
    "wholesale",
)
INDUSTRY_WEIGHTS = (6, 14, 10, 12, 12, 9, 10, 6, 7, 7, 7)

TECHNOLOGIES = (
    Technology("salesforce", "Salesforce", "Customer Relationship Management"),
    Technology("hubspot", "HubSpot", "Marketing Automation"),
    Technology("google_analytics", "Google Analytics", "Analytics and Tracking"),
    Technology("microsoft_office_365", "Microsoft Office 365", "Other"),
    Technology("sap", "SAP", "Enterprise Resource Planning"),
    Technology("shopify", "Shopify", "E-commerce Platforms"),
    Technology("wordpress_org", "WordPress.org", "CMS"),
    Technology("amazon_aws", "Amazon AWS", "Hosting"),
    Technology("slack", "Slack", "Web Mail"),
    Technology("zendesk", "Zendesk", "Support and Feedback"),
)
SIZES = ((0, 0, 8), (1, 10, 26), (11, 50, 27), (51, 200, 20), (201, 1000, 12), (1001, 5000, 5), (5001, 40000, 2))
"""Fewest employees, most employees, weight; nobody knows the number of the first kind."""
