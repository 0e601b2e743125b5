"""The countries that have economic events, as calendars write them, with Investing.com's numbers for them."""

COUNTRIES = {
    "Argentina": 29, "Australia": 25, "Austria": 54, "Bahrain": 145, "Bangladesh": 47, "Belgium": 34, "Botswana": 163,
    "Brazil": 32, "Bulgaria": 70, "Canada": 6, "Chile": 27, "China": 37, "Colombia": 122, "Costa Rica": 15,
    "Croatia": 113, "Cyprus": 107, "Czech Republic": 55, "Denmark": 24, "Ecuador": 121, "Egypt": 59, "Estonia": 89,
    "Euro Zone": 72, "Finland": 71, "France": 22, "Germany": 17, "Greece": 51, "Hong Kong": 39, "Hungary": 93,
    "Iceland": 106, "India": 14, "Indonesia": 48, "Iraq": 66, "Ireland": 33, "Israel": 23, "Italy": 10, "Jamaica": 119,
    "Japan": 35, "Jordan": 92, "Kazakhstan": 102, "Kenya": 57, "Kuwait": 94, "Latvia": 97, "Lebanon": 68,
    "Lithuania": 96, "Luxembourg": 103, "Malawi": 111, "Malaysia": 42, "Malta": 109, "Mauritius": 188, "Mexico": 7,
    "Mongolia": 139, "Montenegro": 247, "Morocco": 105, "Namibia": 172, "Netherlands": 21, "New Zealand": 43,
    "Nigeria": 20, "Norway": 60, "Oman": 87, "Pakistan": 44, "Peru": 125, "Philippines": 45, "Poland": 53,
    "Portugal": 38, "Qatar": 170, "Romania": 100, "Russia": 56, "Rwanda": 80, "Saudi Arabia": 52, "Serbia": 238,
    "Singapore": 36, "Slovakia": 90, "Slovenia": 112, "South Africa": 110, "South Korea": 11, "Spain": 26,
    "Sri Lanka": 162, "Sweden": 9, "Switzerland": 12, "Taiwan": 46, "Tanzania": 85, "Thailand": 41, "Tunisia": 202,
    "Turkey": 63, "Uganda": 123, "Ukraine": 61, "United Kingdom": 4, "United States": 5, "Venezuela": 138,
    "Vietnam": 178, "Zambia": 84, "Zimbabwe": 75,
}  # fmt: skip

OTHER_SPELLINGS = {"Türkiye": "Turkey"}
"""The calendars' names of today for names that stand above."""
