"""Names and places out of which the demo world is made. None belongs to anybody."""

# fmt: off
GIVEN_NAMES = [
    "Aaron", "Abena", "Adela", "Alan", "Amara", "Andre", "Anita", "Arlo", "Beatriz", "Ben", "Bianca", "Boyd",
    "Carla", "Cedric", "Celia", "Chidi", "Clara", "Cole", "Corinne", "Dale", "Damian", "Daria", "Darnell", "Della",
    "Desmond", "Edith", "Elias", "Elena", "Emmett", "Esther", "Farah", "Felix", "Fiona", "Frank", "Gail", "Gavin",
    "Gloria", "Hana", "Hector", "Hollis", "Ida", "Imani", "Irene", "Isaac", "Ivan", "Jana", "Jerome", "Joan",
    "Joel", "Jolene", "Kamal", "Karin", "Keisha", "Kurt", "Lars", "Lena", "Leon", "Lorna", "Lucia", "Malik", "Mara",
    "Marcus", "Marta", "Miles", "Mina", "Moses", "Nadia", "Neil", "Nora", "Odell", "Olga", "Omar", "Paula", "Percy",
    "Petra", "Quentin", "Rafael", "Ramona", "Reggie", "Rita", "Rosa", "Roy", "Salma", "Sandra", "Saul", "Selma",
    "Silas", "Sonia", "Stella", "Tamar", "Tariq", "Tessa", "Theo", "Tilda", "Ulric", "Ursula", "Vera", "Victor",
    "Wanda", "Wendell", "Willa", "Xavier", "Yara", "Yusuf", "Zelda",
]
FAMILY_NAMES = [
    "Abbott", "Acheson", "Adeyemi", "Albright", "Alvarado", "Amsel", "Archer", "Ballard", "Barros", "Beckett",
    "Birch", "Blakely", "Bonner", "Boyle", "Brandt", "Briscoe", "Calloway", "Castellano", "Chavez", "Clement",
    "Colby", "Corrigan", "Crane", "Dalton", "Delacroix", "Desai", "Dorsey", "Draper", "Duarte", "Easton", "Eckert",
    "Ellison", "Esparza", "Fairley", "Farrow", "Fenwick", "Ferrante", "Finch", "Forsythe", "Galvan", "Garrity",
    "Gillespie", "Godfrey", "Granger", "Haddad", "Hargrove", "Hatcher", "Hendrix", "Holloway", "Ingram", "Ivers",
    "Jarvis", "Kaplan", "Keating", "Kendrick", "Kessler", "Kowalski", "Lachance", "Langley", "Lindqvist",
    "Lockhart", "Loomis", "Maddox", "Marchetti", "Marlow", "Mathis", "McAllister", "McBride", "Mendez", "Merritt",
    "Moreau", "Nakamura", "Nwosu", "Oakley", "O'Connell", "Odom", "Okafor", "Ortega", "Osborne", "Pacheco",
    "Parrish", "Pelletier", "Pike", "Prescott", "Quigley", "Radcliffe", "Ramsey", "Redmond", "Rhodes", "Rossi",
    "Rutherford", "Salazar", "Sandoval", "Schaefer", "Sinclair", "Sorensen", "Stanton", "Sterling", "Sutherland",
    "Tanaka", "Thackeray", "Tilley", "Underwood", "Vance", "Vasquez", "Villareal", "Wakefield", "Weller",
    "Whitaker", "Winslow", "Yates", "York", "Zamora", "Ziegler",
]
STREETS = [
    "Acorn", "Alder", "Anchor", "Bayberry", "Beacon", "Birch", "Bluff", "Bridge", "Cannery", "Carver", "Cedar",
    "Chapel", "Clover", "Cooper", "Copper", "Cutler", "Depot", "Dogwood", "Elm", "Ferry", "Fletcher", "Foundry",
    "Garnet", "Granite", "Harbor", "Hawthorn", "Heron", "Hollow", "Jasper", "Juniper", "Kestrel", "Lantern",
    "Larch", "Laurel", "Linden", "Locust", "Magnolia", "Maple", "Marsh", "Meadow", "Mercer", "Mill", "Orchard",
    "Osprey", "Palmer", "Pearl", "Pine", "Plover", "Quarry", "Rail", "Ridge", "River", "Rowan", "Sawyer", "Spruce",
    "Station", "Summit", "Tanner", "Thistle", "Walnut", "Willow", "Wren",
]
# fmt: on
STREET_KINDS = ["St", "Ave", "Rd", "Ln", "Ct", "Dr"]

# District → its town, as people write it on an envelope.
TOWNS = {"north": "Alder City", "south": "Alder City", "cedar": "Cedar Falls", "county": "Mill Landing"}
STATE = "FL"
