"""Owns the words generators draw from, and the ways people misspell and vary a question."""

from __future__ import annotations

import random

ADJECTIVES = (
    "amber ancient arched ashen azure bashful battered bitter black blue boundless brass brave breezy bright brittle "
    "bronze brown burnished calm carved cedar cheerful chilly chrome cloudy coastal cobalt copper coral cracked "
    "crimson crooked crystal curious dappled daring dark dusty eager early ebony echoing elegant emerald empty "
    "enamelled eternal faded fallow famous feathered fierce foggy forgotten frosted frozen gentle ghostly giant "
    "gilded glassy gleaming golden graceful granite grassy green grey hidden hollow honest humble icy idle indigo "
    "iron ivory jade jagged jolly lacquered lavender lazy leaden lively lonely lost lucky lunar marble meadow mellow "
    "merry mighty misty modest mossy muddy narrow nimble noble northern oaken obsidian odd olive opal orange ornate "
    "painted pale paper patient pearly pine plain polished proud purple quick quiet rainy rapid red restless rose "
    "rough round royal ruby russet rustic rusty sacred salty sandy sapphire scarlet secret shaded sharp shining "
    "silent silken silver simple sleepy slender smoky smooth snowy soft solar solemn speckled spotted stately steel "
    "still stone stormy striped sturdy sunken sunny swift tall tangled tattered teal thorny timber tiny topaz "
    "tranquil turquoise twisted vast velvet verdant violet wandering warm weathered western whispering white wicker "
    "wild windy winding winter wise wooden woven yellow young zealous"
).split()
NOUNS = (
    "abbey acorn albatross alcove almanac anchor antelope anvil apron arbour archway armchair arrow atlas attic axle "
    "badger balcony ballad banner barge barn barometer barrel basin basket beacon beetle bell bench bicycle binder "
    "blanket boat bonnet bottle boulder bridge brooch broom bucket buckle bugle cabin cabinet cage candle canoe "
    "canyon carriage cart casket castle cathedral cellar chalice chapel chariot chest chimney chisel cistern clock "
    "cloak coach coffer compass cottage cradle crane crate crown cupboard curtain dagger dam depot desk dial dome "
    "dovecote drawer drum easel engine envelope falcon farm fence ferry fiddle flag flask flute fortress fountain "
    "fox frigate furnace galleon gallery garden gate gazebo glacier globe goblet gondola granary greenhouse guitar "
    "hammer hammock harbour harp hatch hawk hedge helmet heron hotel hourglass inkwell island jar jetty jewel kettle "
    "kiln kite kitchen ladder lagoon lamp lantern ledger lemur library lighthouse lobby locket locomotive loom lute "
    "manor mantle map market mast meadow medal medallion melon mill mine mirror mitten monastery monument moth museum "
    "needle nest notebook oar observatory orchard organ otter oven owl paddle painting palace parasol parcel parlour "
    "parrot pavilion pebble pendulum penguin piano pier pillar pitcher planet plough pocket pond portal portrait "
    "pulley pump puzzle pyramid quarry quill raft railway raven reef ribbon river robin rocket rudder saddle sail "
    "satchel satellite sceptre schooner scroll sculpture shed shield ship shovel shuttle sieve signal sled sparrow "
    "spindle spire stable staircase statue steamer stove submarine suitcase sundial swan tablet tankard tapestry "
    "tavern teapot telescope temple tent theatre throne tiger torch tower tractor train tram treasure trellis trumpet "
    "trunk tunnel turbine turret umbrella vault vessel viaduct village vineyard violin wagon wall wardrobe warehouse "
    "watch waterwheel weasel well wharf wheel whistle windmill window workshop wreath yacht zeppelin"
).split()
FIRST_NAMES = (
    "Ada Agnes Albert Alice Amara Anders Anika Arthur Astrid Basil Beatrix Bram Bruno Cecily Clara Conrad Cyrus Dalia "
    "Daphne Darius Edith Edmund Elena Elias Emil Esther Farah Felix Fergus Fiona Freya Gideon Greta Hana Harriet Hugo "
    "Ida Igor Imogen Ingrid Isaac Ivy Jasper Joachim Jun Kamala Kenji Klara Lars Leila Leopold Lionel Lucia Mabel "
    "Magnus Malik Margot Marta Mateo Milo Mina Nadia Naomi Nils Nora Octavia Odette Olaf Omar Oscar Otis Pavel Petra "
    "Philippa Priya Quentin Rafael Ravi Rosalind Rufus Sabine Samir Selma Sigrid Silas Simone Stefan Sven Tamsin "
    "Tobias Ulrich Una Vera Viktor Wanda Wilfred Winifred Xavier Yara Yusuf Zelda Zoran"
).split()
SURNAMES = (
    "Abernathy Adeyemi Alcott Almeida Anselm Ashdown Bakker Barlow Beaumont Bergstrom Blackwood Bramble Calloway "
    "Carmody Castellan Chandra Coldwell Corrigan Crane Dalgaard Danvers Delacroix Drummond Eastwood Ekström Ellery "
    "Fairfax Falkner Farrow Fenwick Ferreira Finch Fitzroy Galloway Garrick Goldberg Grimshaw Hadley Halvorsen Hargrove "
    "Hashimoto Hawthorne Hollis Ibarra Jansen Jessop Kaplan Kestrel Kingsley Kowalski Lachlan Langley Larkin Lindqvist "
    "Lockwood Lombardi Marchetti Marlowe Mendel Merriweather Mortimer Nakamura Nightingale Norwood Novak Oakley Okafor "
    "Osborne Pemberton Petrov Pickering Quill Radcliffe Ravenscroft Redfern Rosewood Rousseau Sandoval Santoro Sharma "
    "Silverstone Sinclair Sorensen Stanhope Sutherland Tanaka Thackery Thornbury Trevelyan Underhill Vance Vasquez "
    "Vogel Wainwright Weatherby Whitlock Winterbourne Wolfe Yamada Yardley Zimmerman"
).split()
PLACES = (
    "Aberdeen Aldermoor Antwerp Arlington Ashford Avignon Barcelona Bergen Bologna Bordeaux Brackenfield Bristol "
    "Bruges Cairo Calgary Cardiff Cartagena Casablanca Copenhagen Cordoba Cornwall Dakar Damascus Delft Dresden Dublin "
    "Durban Edinburgh Elmhurst Fairhaven Florence Galway Geneva Ghent Glasgow Granada Greywater Hamburg Hanover "
    "Harrowgate Havana Helsinki Innsbruck Istanbul Jaipur Kelmscott Kingsport Kyoto Lagos Lakeview Lausanne Leipzig "
    "Lima Lisbon Lucerne Lyon Madrid Marrakesh Marseille Melbourne Millbrook Montreal Munich Nairobi Nantes Naples "
    "Northgate Odessa Oslo Oxford Palermo Porto Prague Quebec Ravenna Reykjavik Riga Rotterdam Salzburg Santiago "
    "Seville Stockholm Stonebridge Sydney Tallinn Tangier Thornwick Toledo Trieste Tunis Turin Utrecht Valencia "
    "Venice Vienna Vilnius Warsaw Westmere Wexford Willowdale York Zagreb Zurich"
).split()
JOBS = (
    "accountant actor archivist astronomer baker barber beekeeper biologist blacksmith bookbinder botanist brewer "
    "carpenter cartographer chemist clockmaker cobbler cook courier dentist diver doctor engineer farmer fisherman "
    "florist gardener geologist glazier goldsmith innkeeper interpreter jeweller journalist judge lawyer librarian "
    "locksmith mason mechanic merchant midwife miller miner musician notary nurse optician painter pharmacist pilot "
    "plumber porter postman potter printer sailor sculptor shepherd surgeon surveyor tailor tanner teacher translator "
    "weaver welder"
).split()
COLOURS = "amber beige black blue bronze brown crimson cyan gold green grey indigo ivory lilac magenta maroon navy olive orange pink purple red scarlet silver teal turquoise violet white yellow".split()
MATERIALS = "birch brass bronze cedar ceramic clay copper cork cotton felt flint glass granite iron leather limestone linen marble oak paper pewter pine porcelain sandstone silk silver slate steel walnut wax wool zinc".split()
MONTHS = "January February March April May June July August September October November December".split()
WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
GREEK = "Alpha Beta Gamma Delta Epsilon Zeta Theta Kappa Lambda Sigma Omega Orion Falcon Condor Juniper Sequoia Nimbus Vega".split()

_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def invented_word(rng: random.Random) -> str:
    """A pronounceable word nobody has seen, so that names are looked up and not remembered."""
    onset = "b br c ch cl d dr f fl g gr h j k kl l m n p pl qu r s sh sk st t th tr v w z".split()
    syllable = lambda: rng.choice(onset) + rng.choice("aeiou") + rng.choice(["", "", "l", "n", "r", "s", "m", "x", "nd", "rk"])
    return "".join(syllable() for _ in range(rng.choice((2, 2, 3))))


def number_word(rng: random.Random) -> str:
    return rng.choice("two three four five six seven eight nine ten eleven twelve fifteen twenty thirty forty".split())


def misspell(text: str, rng: random.Random) -> str:
    """One or two slips of the finger inside words of letters only (codes stay as they are)."""
    words = text.split(" ")
    long_words = [i for i, word in enumerate(words) if word.isalpha() and len(word) > 3]
    for i in rng.sample(long_words, min(len(long_words), rng.choice((1, 1, 2)))):
        word, at = words[i], rng.randrange(1, len(words[i]) - 1)
        slip = rng.randrange(4)
        if slip == 0:
            words[i] = word[:at] + word[at + 1 :]
        elif slip == 1:
            words[i] = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        elif slip == 2:
            words[i] = word[:at] + word[at] + word[at:]
        else:
            words[i] = word[:at] + rng.choice(_LETTERS) + word[at + 1 :]
    return " ".join(words)


OPENINGS = ("Please tell me: ", "Can you tell me ", "I need to know: ", "Quick question: ", "In this document, ",
            "According to the document, ", "According to the text, ", "Tell me, ", "Do you know ", "Hi, ")


def vary(question: str, rng: random.Random) -> str:
    """The question as a person might type it: mostly as is, sometimes careless."""
    roll = rng.random()
    if roll < 0.06:
        question = rng.choice(OPENINGS) + question[0].lower() + question[1:]
    elif roll < 0.12:
        question = question.rstrip("?.")
    elif roll < 0.20:
        question = question.lower()
    elif roll < 0.25:
        question = misspell(question, rng)
    elif roll < 0.27:
        question = question.upper() if len(question) < 80 else question
    return question


def listed(items: list[str], rng: random.Random) -> str:
    """Keywords the way people list them."""
    style = rng.randrange(8)
    if style == 0:
        return ", ".join(items)
    if style == 1:
        items = [f"“{item}”" for item in items]
    elif style == 2:
        items = [f'"{item}"' for item in items]
    elif style == 3:
        items = [f"'{item}'" for item in items]
    elif style == 4 and len(items) > 2:
        return ", ".join(items[:-1]) + ", and " + items[-1]
    elif style == 5:
        return " ".join(items)
    if len(items) == 1:
        return items[0]
    return ", ".join(items[:-1]) + " and " + items[-1]
